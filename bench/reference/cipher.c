/*
 * The libraries are opened at run time, and their few functions declared here: their headers are often not installed.
 * GnuTLS: gnutls/crypto.h. BoringSSL: openssl/aead.h. OpenSSL: openssl/evp.h.
 */
#include "cipher.h"

#include <dlfcn.h>

/* Assigns the function of this name, or makes the function around it return NULL. */
#define TAKE(library, name) \
  do { \
    *(void **)&name = dlsym(library, #name); \
    if (name == NULL) return NULL; \
  } while (0)

static void *open_first(const char *const paths[]) {
  void *library = NULL;
  for (; *paths != NULL && library == NULL; paths++) library = dlopen(*paths, RTLD_NOW | RTLD_LOCAL);
  return library;
}

/* ---- GnuTLS ---- */

enum { GNUTLS_CIPHER_AES_128_GCM = 10 };

struct gnutls_datum {
  const uint8_t *data;
  unsigned int size;
};

typedef int gnutls_aead_call(void *, const void *nonce, size_t, const void *aad, size_t, size_t tag_length,
                             const void *in, size_t, void *out, size_t *);
static int (*gnutls_aead_cipher_init)(void **, int, const struct gnutls_datum *);
static gnutls_aead_call *gnutls_aead_cipher_encrypt;
static gnutls_aead_call *gnutls_aead_cipher_decrypt;

static void *gnutls_create(const uint8_t *key) {
  struct gnutls_datum datum = {key, KEY_LENGTH};
  void *context = NULL;
  return gnutls_aead_cipher_init(&context, GNUTLS_CIPHER_AES_128_GCM, &datum) == 0 ? context : NULL;
}

static int gnutls_seal(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  size_t written = text->length + TAG_LENGTH;
  return gnutls_aead_cipher_encrypt(context, nonce, NONCE_LENGTH, text->aad, text->aad_length, TAG_LENGTH, text->in,
                                    text->length, out, &written) == 0;
}

static int gnutls_open(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  size_t written = text->length;
  return gnutls_aead_cipher_decrypt(context, nonce, NONCE_LENGTH, text->aad, text->aad_length, TAG_LENGTH, text->in,
                                    text->length + TAG_LENGTH, out, &written) == 0;
}

static const struct cipher *load_gnutls(void) {
  static const char *const paths[] = {"libgnutls.so.30", NULL};
  static const struct cipher cipher = {"GnuTLS", gnutls_create, gnutls_seal, gnutls_open};
  void *library = open_first(paths);
  if (library == NULL) return NULL;
  TAKE(library, gnutls_aead_cipher_init);
  TAKE(library, gnutls_aead_cipher_encrypt);
  TAKE(library, gnutls_aead_cipher_decrypt);
  return &cipher;
}

/* ---- BoringSSL ---- */

typedef int evp_aead_call(const void *, uint8_t *out, size_t *, size_t room, const uint8_t *nonce, size_t,
                          const uint8_t *in, size_t, const uint8_t *aad, size_t);
static const void *(*EVP_aead_aes_128_gcm)(void);
static void *(*EVP_AEAD_CTX_new)(const void *, const uint8_t *key, size_t, size_t tag_length);
static evp_aead_call *EVP_AEAD_CTX_seal;
static evp_aead_call *EVP_AEAD_CTX_open;

static void *boringssl_create(const uint8_t *key) {
  return EVP_AEAD_CTX_new(EVP_aead_aes_128_gcm(), key, KEY_LENGTH, TAG_LENGTH);
}

static int boringssl_seal(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  size_t written;
  return EVP_AEAD_CTX_seal(context, out, &written, text->length + TAG_LENGTH, nonce, NONCE_LENGTH, text->in,
                           text->length, text->aad, text->aad_length);
}

static int boringssl_open(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  size_t written;
  return EVP_AEAD_CTX_open(context, out, &written, text->length, nonce, NONCE_LENGTH, text->in,
                           text->length + TAG_LENGTH, text->aad, text->aad_length);
}

static const struct cipher *load_boringssl(void) {
  static const char *const paths[] = {"/usr/lib/x86_64-linux-gnu/android/libcrypto.so.0",
                                      "/usr/lib/aarch64-linux-gnu/android/libcrypto.so.0", NULL};
  static const struct cipher cipher = {"BoringSSL", boringssl_create, boringssl_seal, boringssl_open};
  void *library = open_first(paths);
  if (library == NULL) return NULL;
  TAKE(library, EVP_aead_aes_128_gcm);
  TAKE(library, EVP_AEAD_CTX_new);
  TAKE(library, EVP_AEAD_CTX_seal);
  TAKE(library, EVP_AEAD_CTX_open);
  return &cipher;
}

/* ---- OpenSSL ---- */

enum { EVP_CTRL_AEAD_GET_TAG = 0x10, EVP_CTRL_AEAD_SET_TAG = 0x11, OPEN = 0, SEAL = 1 };

static void *(*EVP_CIPHER_CTX_new)(void);
static const void *(*EVP_aes_128_gcm)(void);
static int (*EVP_CipherInit_ex)(void *, const void *, void *, const uint8_t *key, const uint8_t *nonce, int);
static int (*EVP_CipherUpdate)(void *, uint8_t *, int *, const uint8_t *, int);
static int (*EVP_CipherFinal_ex)(void *, uint8_t *, int *);
static int (*EVP_CIPHER_CTX_ctrl)(void *, int, int, void *);

static void *openssl_create(const uint8_t *key) {
  void *context = EVP_CIPHER_CTX_new();
  return context != NULL && EVP_CipherInit_ex(context, EVP_aes_128_gcm(), NULL, key, NULL, SEAL) == 1 ? context : NULL;
}

static int openssl_run(void *context, const struct aead_text *text, uint8_t *out) {
  int written;
  return EVP_CipherUpdate(context, NULL, &written, text->aad, (int)text->aad_length) == 1 &&
         EVP_CipherUpdate(context, out, &written, text->in, (int)text->length) == 1 &&
         EVP_CipherFinal_ex(context, out + text->length, &written) == 1;
}

static int openssl_seal(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, SEAL) == 1 && openssl_run(context, text, out) &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_LENGTH, out + text->length) == 1;
}

static int openssl_open(void *context, const uint8_t *nonce, const struct aead_text *text, uint8_t *out) {
  void *tag = (void *)(text->in + text->length);
  return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, OPEN) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_LENGTH, tag) == 1 && openssl_run(context, text, out);
}

static const struct cipher *load_openssl(void) {
  static const char *const paths[] = {"libcrypto.so.3", NULL};
  static const struct cipher cipher = {"OpenSSL", openssl_create, openssl_seal, openssl_open};
  void *library = open_first(paths);
  if (library == NULL) return NULL;
  TAKE(library, EVP_CIPHER_CTX_new);
  TAKE(library, EVP_aes_128_gcm);
  TAKE(library, EVP_CipherInit_ex);
  TAKE(library, EVP_CipherUpdate);
  TAKE(library, EVP_CipherFinal_ex);
  TAKE(library, EVP_CIPHER_CTX_ctrl);
  return &cipher;
}

const struct cipher *load_cipher(void) {
  const struct cipher *cipher = load_gnutls();
  if (cipher == NULL) cipher = load_boringssl();
  return cipher != NULL ? cipher : load_openssl();
}
