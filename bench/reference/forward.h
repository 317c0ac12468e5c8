/* The packet path of the reference. All of it belongs to one thread. */
#ifndef FORWARD_H
#define FORWARD_H

#include "cipher.h"

#include <netinet/in.h>

/* Receives and sends on the socket; without `gso` each datagram is a message of its own, and nothing is padded. */
void start_forwarding(int socket_fd, const struct cipher *cipher, int gso);

/* Takes a publisher's SRTP stream. Returns NULL, or what is wrong. */
const char *add_publisher(uint32_t ssrc, const uint8_t *key, const uint8_t *salt);

/* Forwards the stream of the publisher that was added last, as `ssrc`. Returns NULL, or what is wrong. */
const char *add_subscriber(const struct sockaddr_in *address, uint32_t ssrc, const uint8_t *key, const uint8_t *salt);

/* Forwards what the socket has, one batch at most. */
void handle_batch(void);

#endif
