/*
 * What forwarding costs in C without any protocol logic: the yardstick of `deno task bench`.
 *
 * One thread, and one UDP socket to receive and to send. A batch of a publisher's SRTP packets is opened
 * (AEAD_AES_128_GCM, RFC 7714); then for each subscriber the whole batch gets the subscriber's SSRC and is sealed under
 * its key. Packets of one length leave as one message of the kernel (UDP GSO); those that are a little shorter are
 * padded for that (RTP padding, RFC 3550 section 5.1), once for all subscribers. There is no ICE, DTLS, RTCP, replay
 * window, loss recovery nor statistics.
 *
 * Prints `ready <port> <cipher library>`, then answers each line on stdin with `ok`, or with `error <reason>`:
 *   publish <ssrc> <key> <salt>                  ssrc in decimal; key and salt in hexadecimal, 16 and 12 bytes
 *   subscribe <ip> <port> <ssrc> <key> <salt>    to the publisher that was named last
 * With the argument --no-gso each datagram is a message of its own, and nothing is padded.
 */
#include "cipher.h"
#include "forward.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_BUFFER = 4 << 20 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int parse_hex(const char *text, uint8_t *bytes, size_t length) {
  if (strlen(text) != 2 * length) return 0;
  for (size_t i = 0; i < length; i++) {
    if (sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1) return 0;
  }
  return 1;
}

static const char *run_command(const char *line) {
  char ip[16], key_text[33], salt_text[25];
  uint8_t key[KEY_LENGTH], salt[NONCE_LENGTH];
  uint32_t ssrc;
  struct sockaddr_in address = {.sin_family = AF_INET};
  uint16_t port;
  int publishes = sscanf(line, "publish %u %32s %24s", &ssrc, key_text, salt_text) == 3;
  int subscribes = sscanf(line, "subscribe %15s %hu %u %32s %24s", ip, &port, &ssrc, key_text, salt_text) == 5;
  if (!publishes && !subscribes) return "neither publish nor subscribe";
  if (!parse_hex(key_text, key, KEY_LENGTH)) return "the key is not 16 bytes in hexadecimal";
  if (!parse_hex(salt_text, salt, NONCE_LENGTH)) return "the salt is not 12 bytes in hexadecimal";
  if (publishes) return add_publisher(ssrc, key, salt);
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) return "the address is not one of IPv4";
  return add_subscriber(&address, ssrc, key, salt);
}

static void handle_line(const char *line) {
  const char *problem = run_command(line);
  if (problem == NULL) puts("ok");
  else printf("error %s\n", problem);
  fflush(stdout);
}

/* Handles the lines that are there; 0 at the end of stdin. */
static int handle_stdin(void) {
  static char text[4096];
  static size_t length;
  ssize_t taken = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
  if (taken <= 0) return 0;
  length += (size_t)taken;
  text[length] = '\0';
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    handle_line(line);
  }
  length -= (size_t)(line - text);
  memmove(text, line, length);
  return 1;
}

/* Opens a socket on a port of its own, which it writes to `port`. */
static int open_socket(uint16_t *port) {
  int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (socket_fd < 0) fail("socket");
  int buffer = SOCKET_BUFFER;
  setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  setsockopt(socket_fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(socket_fd, (struct sockaddr *)&address, length) != 0) fail("bind");
  if (getsockname(socket_fd, (struct sockaddr *)&address, &length) != 0) fail("getsockname");
  *port = ntohs(address.sin_port);
  return socket_fd;
}

int main(int argc, char *argv[]) {
  int gso = 1;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--no-gso") != 0) {
      fprintf(stderr, "%s is unknown: expected --no-gso or nothing\n", argv[i]);
      return 2;
    }
    gso = 0;
  }
  const struct cipher *cipher = load_cipher();
  if (cipher == NULL) {
    fputs("there is no libgnutls.so.30, no BoringSSL and no libcrypto.so.3\n", stderr);
    return 1;
  }
  uint16_t port;
  int socket_fd = open_socket(&port);
  start_forwarding(socket_fd, cipher, gso);
  printf("ready %u %s\n", port, cipher->name);
  fflush(stdout);
  struct pollfd sources[] = {{.fd = socket_fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  for (;;) {
    if (poll(sources, 2, -1) < 0) fail("poll");
    if (sources[0].revents != 0) handle_batch();
    if (sources[1].revents != 0 && !handle_stdin()) return 0;
  }
}
