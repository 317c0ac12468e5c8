#define _GNU_SOURCE
#include "forward.h"
#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  MAX_BATCH = 64,
  /* Of one message: UDP_MAX_SEGMENTS, and the length field of IP. */
  MAX_SEGMENTS = 64,
  MAX_MESSAGE_BYTES = 65000,
  /* Where packets differ by more a new message begins. */
  MAX_PADDING = 32,
};

struct stream {
  uint32_t ssrc;
  void *context;
  /* Salt xor SSRC: what the nonces of all packets have in common (RFC 7714 section 8.1). */
  uint8_t nonce[NONCE_LENGTH];
};

struct subscriber {
  struct stream stream;
  struct sockaddr_in address;
  /* The publisher's roll-over counter when the first packet went out: the subscriber begins at 0. */
  uint32_t first_roc;
  int started;
};

struct publisher {
  struct stream stream;
  uint32_t roc;
  uint16_t highest;
  int started;
  struct subscriber *subscribers;
  size_t count;
};

/* An opened packet, with room for padding. */
struct packet {
  uint8_t bytes[SLOT];
  size_t header_length, length;
  uint32_t roc;
  uint16_t sequence_number;
  struct publisher *publisher;
};

/* Packets that leave as one message: all of one length, the last may be shorter. */
struct run {
  size_t first, count;
};

static const struct cipher *cipher;
static int gso;
static int socket_fd;
static struct publisher *publishers;
static size_t publisher_count;

/* Room for padding and the tag is left when a datagram is received. */
static uint8_t received[MAX_BATCH][SLOT];
static struct packet packets[MAX_BATCH];
static struct mmsghdr receive_headers[MAX_BATCH];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint32_t read32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void write_nonce(uint8_t *nonce, const struct stream *stream, uint32_t roc, uint16_t sequence_number) {
  uint8_t index[6];
  write32(index, roc);
  index[4] = (uint8_t)(sequence_number >> 8);
  index[5] = (uint8_t)sequence_number;
  memcpy(nonce, stream->nonce, NONCE_LENGTH);
  for (int i = 0; i < 6; i++) nonce[6 + i] ^= index[i];
}

/* ---- Receiving ---- */

/* Bytes of the RTP header (RFC 3550 section 5.1); 0 where the datagram is no SRTP packet. */
static size_t header_length(const uint8_t *bytes, size_t length) {
  if (length < 12 + TAG_LENGTH || bytes[0] >> 6 != 2 || (bytes[1] >= 192 && bytes[1] <= 223)) return 0;
  size_t header = 12 + 4 * (bytes[0] & 0x0f);
  if ((bytes[0] & 0x10) != 0) {
    if (header + 4 > length) return 0;
    header += 4 + 4 * ((size_t)bytes[header + 2] << 8 | bytes[header + 3]);
  }
  return header + TAG_LENGTH <= length ? header : 0;
}

static struct publisher *find_publisher(uint32_t ssrc) {
  for (size_t i = 0; i < publisher_count; i++) {
    if (publishers[i].stream.ssrc == ssrc) return &publishers[i];
  }
  return NULL;
}

/* The roll-over counter that a packet was sealed under (RFC 3711 appendix A). */
static uint32_t guess_roc(const struct publisher *from, uint16_t sequence_number) {
  if (!from->started) return 0;
  int difference = (int)sequence_number - (int)from->highest;
  if (difference > 32768) return from->roc - 1;
  return difference < -32768 ? from->roc + 1 : from->roc;
}

static int open_packet(const uint8_t *bytes, size_t length, struct packet *packet) {
  size_t header = header_length(bytes, length);
  if (header == 0) return 0;
  struct publisher *from = find_publisher(read32(bytes + 8));
  if (from == NULL) return 0;
  uint16_t sequence_number = (uint16_t)(bytes[2] << 8 | bytes[3]);
  uint32_t roc = guess_roc(from, sequence_number);
  uint8_t nonce[NONCE_LENGTH];
  write_nonce(nonce, &from->stream, roc, sequence_number);
  struct aead_text text = {bytes, header, bytes + header, length - header - TAG_LENGTH};
  if (!cipher->open(from->stream.context, nonce, &text, packet->bytes + header)) return 0;
  if (!from->started || roc == from->roc + 1 || (roc == from->roc && sequence_number > from->highest)) {
    from->started = 1;
    from->roc = roc;
    from->highest = sequence_number;
  }
  memcpy(packet->bytes, bytes, header);
  packet->header_length = header;
  packet->length = length - TAG_LENGTH;
  packet->roc = roc;
  packet->sequence_number = sequence_number;
  packet->publisher = from;
  return 1;
}

/* ---- Sending ---- */

/* Seals a packet for a subscriber and returns its length. */
static size_t seal_packet(struct subscriber *to, const struct packet *packet, uint8_t *out) {
  if (!to->started) {
    to->started = 1;
    to->first_roc = packet->roc;
  }
  size_t header = packet->header_length;
  memcpy(out, packet->bytes, header);
  write32(out + 8, to->stream.ssrc);
  uint8_t nonce[NONCE_LENGTH];
  write_nonce(nonce, &to->stream, packet->roc - to->first_roc, packet->sequence_number);
  struct aead_text text = {out, header, packet->bytes + header, packet->length - header};
  if (!cipher->seal(to->stream.context, nonce, &text, out + header)) fail("seal");
  return packet->length + TAG_LENGTH;
}

static void send_run(struct subscriber *to, const struct run *run) {
  uint8_t *out = reserve_message(socket_fd, run->count);
  size_t length = 0;
  for (size_t i = 0; i < run->count; i++) length += seal_packet(to, &packets[run->first + i], out + length);
  size_t segment = packets[run->first].length + TAG_LENGTH;
  queue_message(&to->address, length, run->count > 1 ? (uint16_t)segment : 0);
}

/* RFC 3550 section 5.1: the last byte counts the padding, itself included. What is padded already gets more of it. */
static void pad(struct packet *packet, size_t length) {
  size_t padding = length - packet->length;
  if (padding == 0) return;
  size_t before = (packet->bytes[0] & 0x20) != 0 ? packet->bytes[packet->length - 1] : 0;
  memset(packet->bytes + packet->length, 0, padding);
  packet->bytes[length - 1] = (uint8_t)(before + padding);
  packet->bytes[0] |= 0x20;
  packet->length = length;
}

/* The longest run from `first` on, padded to one length; the packets up to `end` are of one publisher. */
static struct run next_run(size_t first, size_t end) {
  size_t longest = packets[first].length, shortest = longest, count = 1;
  while (gso && first + count < end && count < MAX_SEGMENTS) {
    size_t length = packets[first + count].length;
    size_t most = length > longest ? length : longest;
    if ((count + 1) * (most + TAG_LENGTH) > MAX_MESSAGE_BYTES || most - shortest > MAX_PADDING) break;
    count++;
    longest = most;
    // A much shorter packet can only be the last one.
    if (longest - length > MAX_PADDING) break;
    if (length < shortest) shortest = length;
  }
  for (size_t i = first; i + 1 < first + count; i++) pad(&packets[i], longest);
  return (struct run){first, count};
}

static void forward(size_t first, size_t end) {
  struct run runs[MAX_BATCH];
  size_t run_count = 0;
  struct publisher *from = packets[first].publisher;
  for (size_t at = first; at < end; at += runs[run_count++].count) runs[run_count] = next_run(at, end);
  for (size_t i = 0; i < from->count; i++) {
    for (size_t j = 0; j < run_count; j++) send_run(&from->subscribers[i], &runs[j]);
  }
}

void start_forwarding(int fd, const struct cipher *chosen, int use_gso) {
  socket_fd = fd;
  cipher = chosen;
  gso = use_gso;
  static struct iovec slots[MAX_BATCH];
  for (size_t i = 0; i < MAX_BATCH; i++) {
    slots[i] = (struct iovec){received[i], SLOT - MAX_PADDING - TAG_LENGTH};
    receive_headers[i].msg_hdr = (struct msghdr){.msg_iov = &slots[i], .msg_iovlen = 1};
  }
}

void handle_batch(void) {
  int taken = recvmmsg(socket_fd, receive_headers, MAX_BATCH, MSG_DONTWAIT, NULL);
  size_t count = 0;
  for (int i = 0; i < taken; i++) {
    count += (size_t)open_packet(received[i], receive_headers[i].msg_len, &packets[count]);
  }
  for (size_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count && packets[end].publisher == packets[first].publisher;) end++;
    forward(first, end);
  }
  flush_messages(socket_fd);
}

/* ---- Who publishes and who subscribes ---- */

static const char *init_stream(struct stream *stream, uint32_t ssrc, const uint8_t *key, const uint8_t *salt) {
  stream->ssrc = ssrc;
  memcpy(stream->nonce, salt, NONCE_LENGTH);
  for (int i = 0; i < 4; i++) stream->nonce[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
  stream->context = cipher->create(key);
  return stream->context == NULL ? "the cipher library refuses the key" : NULL;
}

const char *add_publisher(uint32_t ssrc, const uint8_t *key, const uint8_t *salt) {
  struct publisher publisher = {0};
  const char *problem = init_stream(&publisher.stream, ssrc, key, salt);
  if (problem != NULL) return problem;
  publishers = realloc(publishers, (publisher_count + 1) * sizeof *publishers);
  if (publishers == NULL) fail("realloc");
  publishers[publisher_count++] = publisher;
  return NULL;
}

const char *add_subscriber(const struct sockaddr_in *address, uint32_t ssrc, const uint8_t *key, const uint8_t *salt) {
  if (publisher_count == 0) return "no publisher was named before";
  struct publisher *to = &publishers[publisher_count - 1];
  struct subscriber subscriber = {.address = *address};
  const char *problem = init_stream(&subscriber.stream, ssrc, key, salt);
  if (problem != NULL) return problem;
  to->subscribers = realloc(to->subscribers, (to->count + 1) * sizeof *to->subscribers);
  if (to->subscribers == NULL) fail("realloc");
  to->subscribers[to->count++] = subscriber;
  return NULL;
}
