#!/bin/sh
# Puts the libraries that the server needs into the folder that is given, for an image without a distribution: those that
# the native backend opens (src/io/native/libraries.ts), those that Deno is linked to, and what these are linked to.
set -eu
image=$1
libraries=/usr/lib/$(uname -m)-linux-gnu

mkdir -p "$image/etc" "$image/usr/local/bin" "$image/usr/lib" "$image/usr/lib64"
# As Debian has it: the loader is named by /lib or /lib64.
ln -s usr/lib "$image/lib"
ln -s usr/lib64 "$image/lib64"

set -- "$libraries/libc.so.6" "$libraries/libgnutls.so.30" "$libraries/libcrypto.so.3" "$libraries/libssl.so.3"
linked=$(ldd "$(command -v deno)" "$@" | sed -n 's/^.*[[:space:]]\(\/[^ ]*\) (0x.*$/\1/p' | sort -u)
for path in "$@" $linked; do
  folder=$(readlink -f "$(dirname "$path")")
  mkdir -p "$image$folder"
  cp -L "$path" "$image$folder/"
done
