# The server, its runtime, and the libraries that these load: no shell, no package manager, nothing that it may write to.
#   docker build -t switchboard .
#
# Media is UDP, on a port of its own for each peer, so the simplest way to run this is the host's network:
#   docker run --read-only --cap-drop=ALL --network=host switchboard
# Behind a bridge network one port for all does as well. Publish it at the same number, and announce the host's address:
#   docker run --read-only --cap-drop=ALL -p 3000:3000 -p 3478:3478/udp -p 3478:3478/tcp \
#     -e UDP_PORT=3478 -e TCP_PORT=3478 -e WORKERS=1 -e ANNOUNCE=<the host's address> switchboard
#
# With -e TLS_CERT=certs/fullchain.pem -e TLS_KEY=certs/privkey.pem and these files at /app/certs it is https. The health
# check then asks by https too, of the container itself, whatever name the certificate is for.
#
# With -e METRICS_PORT=9464 -e METRICS_HOST=0.0.0.0 Prometheus reads /metrics there, from the same container network. Do
# not publish that port (-p): whoever reaches it may read the numbers.
#
# Settings are environment variables (-e PORT=8080): the health check reads them too. Flags, behind the image's name, and
# a file (-e CONFIG_FILE=config/switchboard.env, at /app/config) work, but are unknown to it. Files for --dtls-cert and the like are mounted at /app/certs.

FROM denoland/deno:bin-2.9.6 AS deno

FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends libc6 libgcc-s1 libgnutls30 libssl3
COPY --from=deno /deno /usr/local/bin/deno
COPY deploy/collect_libraries.sh ./
RUN sh collect_libraries.sh /image
WORKDIR /image/app
COPY deno.json deno.lock main.ts ./
COPY src ./src
COPY static ./static
COPY deploy/healthcheck.ts deploy/product_imports.ts ./deploy/
# The versions stay those of deno.lock; what leaves it is what nothing imports any more.
RUN deno run --no-config --allow-read=. --allow-write=deno.json deploy/product_imports.ts && rm deploy/product_imports.ts
RUN DENO_DIR=/image/deno-dir deno cache main.ts src/io/native/media_worker.ts \
  src/io/portable/media_worker.ts deploy/healthcheck.ts
RUN cp /usr/local/bin/deno /image/usr/local/bin/deno && echo "switchboard:x:65532:65532::/app:/" > /image/etc/passwd

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin DENO_DIR=/deno-dir DENO_NO_UPDATE_CHECK=1
WORKDIR /app
# All files are root's.
USER 65532:65532
EXPOSE 3000/tcp
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
  CMD ["deno", "run", "--cached-only", "--no-prompt", "--unsafely-ignore-certificate-errors", "--allow-net", \
  "--allow-env=HOST,PORT,TLS_CERT,TLS_SELF_SIGNED", "deploy/healthcheck.ts"]
# The libraries and the permissions are those of the task.
ENTRYPOINT ["deno", "task", "start"]
