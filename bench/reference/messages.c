#define _GNU_SOURCE
#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* linux/udp.h */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* As many as the server sends by one call. */
enum { MAX_MESSAGES = 128, MAX_DATAGRAMS = 256 };

static uint8_t bytes[MAX_DATAGRAMS * SLOT];
static size_t byte_count;
static size_t datagram_count;
static struct mmsghdr messages[MAX_MESSAGES];
static struct iovec vectors[MAX_MESSAGES];
static union {
  char bytes[CMSG_SPACE(sizeof(uint16_t))];
  struct cmsghdr aligned;
} controls[MAX_MESSAGES];
static size_t message_count;

uint8_t *reserve_message(int socket_fd, size_t count) {
  if (message_count == MAX_MESSAGES || datagram_count + count > MAX_DATAGRAMS) flush_messages(socket_fd);
  datagram_count += count;
  return bytes + byte_count;
}

void queue_message(const struct sockaddr_in *to, size_t length, uint16_t segment) {
  struct msghdr *header = &messages[message_count].msg_hdr;
  struct iovec *vector = &vectors[message_count];
  *vector = (struct iovec){bytes + byte_count, length};
  *header = (struct msghdr){.msg_name = (void *)to, .msg_namelen = sizeof *to, .msg_iov = vector, .msg_iovlen = 1};
  if (segment != 0) {
    header->msg_control = controls[message_count].bytes;
    header->msg_controllen = sizeof controls[message_count].bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(control), &segment, sizeof segment);
  }
  byte_count += length;
  message_count++;
}

void flush_messages(int socket_fd) {
  for (size_t sent = 0; sent < message_count;) {
    int taken = sendmmsg(socket_fd, messages + sent, (unsigned int)(message_count - sent), 0);
    if (taken < 0) {
      perror("sendmmsg");
      exit(1);
    }
    sent += (size_t)taken;
  }
  message_count = byte_count = datagram_count = 0;
}
