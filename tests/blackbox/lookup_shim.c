/* Preloaded into a server: the look-up of a name that ends in `.slow` does not end. It creates the file that TEST_LOOKUP
   names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  if (node && strlen(node) > 5 && strcmp(node + strlen(node) - 5, ".slow") == 0) {
    close(open(getenv("TEST_LOOKUP"), O_CREAT | O_WRONLY, 0600));
    for (;;) pause();
  }
  return real(node, service, hints, result);
}
