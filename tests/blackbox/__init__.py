"""What the black-box tests share: the server as a process, HTTP clients, and the accounts that must agree."""
