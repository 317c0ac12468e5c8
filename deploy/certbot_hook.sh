#!/bin/sh
# certbot's deploy hook: copies a certificate, whenever there is a new one, to where the service's group may read it. Each
# file is there as a whole or not at all. docs/deploy.md says who calls it.
set -eu
folder=/etc/switchboard/tls
for name in privkey.pem fullchain.pem; do
  install -m 640 -g switchboard-tls "$RENEWED_LINEAGE/$name" "$folder/$name.new"
  mv "$folder/$name.new" "$folder/$name"
done
