"""What the black-box tests share: the server as a process, HTTP clients, and the books that must agree."""
