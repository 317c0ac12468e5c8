/* Datagrams that leave together, by one sendmmsg(2). */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Of one datagram at most. */
enum { SLOT = 2048 };

/* Where the next `count` datagrams to one address go, one behind the other. Sends what was queued where it must. */
uint8_t *reserve_message(int socket_fd, size_t count);

/*
 * Queues the `length` bytes that were written there: datagrams of `segment` bytes each, the last may be shorter (UDP GSO,
 * udp(7)); one datagram where `segment` is 0. The address must stay until the flush.
 */
void queue_message(const struct sockaddr_in *to, size_t length, uint16_t segment);

void flush_messages(int socket_fd);

#endif
