/* AEAD_AES_128_GCM for the reference, by whichever library the machine has. */
#ifndef CIPHER_H
#define CIPHER_H

#include <stddef.h>
#include <stdint.h>

enum { KEY_LENGTH = 16, NONCE_LENGTH = 12, TAG_LENGTH = 16 };

/* What is authenticated and not encrypted, then the text and its length without the tag. */
struct aead_text {
  const uint8_t *aad;
  size_t aad_length;
  const uint8_t *in;
  size_t length;
};

struct cipher {
  const char *name;
  /* NULL where the library refuses the key. */
  void *(*create)(const uint8_t *key);
  /* Writes `length` bytes and the tag; not 0 where that succeeded. */
  int (*seal)(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out);
  /* Reads `length` bytes and the tag, writes `length` bytes; 0 where the tag is wrong. */
  int (*open)(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out);
};

/* The first library that is there, in the order of src/io/native/choose_ciphers.ts; NULL where none is. */
const struct cipher *load_cipher(void);

#endif
