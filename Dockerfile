# Media is UDP, on a port of its own for each peer, so the simplest way to run this is the host's network:
#   docker run --network=host switchboard
# Behind a bridge network every UDP port of the kernel's range must be published at the same number, and the host's
# address announced. The sysctl keeps that range small; give it two ports for each peer:
#   docker run -p 3000:3000 -p 50000-50199:50000-50199/udp \
#     --sysctl net.ipv4.ip_local_port_range="50000 50199" -e ANNOUNCE=<the host's address> switchboard

# With -e TCP_PORT=3478 clients whose network blocks UDP come by that TCP port: publish it too (-p 3478:3478).

# With -e METRICS_PORT=9464 -e METRICS_HOST=0.0.0.0 Prometheus reads /metrics there, from the same container network. Do
# not publish that port (-p): whoever reaches it may read the numbers.

# Settings are environment variables (-e PORT=8080): the health check reads them too. Flags, behind the image's name, work
# but are unknown to it.

FROM denoland/deno:2.9.6 AS build
WORKDIR /app
COPY deno.json deno.lock main.ts ./
COPY src ./src
COPY static ./static
# Fails where deno.lock does not say exactly what is imported.
RUN deno cache --frozen main.ts

FROM denoland/deno:2.9.6
WORKDIR /app
COPY --from=build /deno-dir /deno-dir
COPY --from=build /app ./
# Sources and cache stay root's: the server writes nothing.
USER deno
EXPOSE 3000/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["deno", "eval", \
  "const { HOST, PORT } = Deno.env.toObject(); const host = HOST?.includes(':') ? '[' + HOST + ']' : HOST || 'localhost'; const { ok } = await fetch('http://' + host + ':' + (PORT || 3000) + '/healthz'); Deno.exit(ok ? 0 : 1)"]
ENTRYPOINT ["deno", "run", "--cached-only", "--frozen", "--no-prompt", \
  "--allow-net", "--allow-read=static,certs", "--allow-sys=networkInterfaces", \
  "--allow-env=PORT,HOST,MEDIA_HOST,ANNOUNCE,BACKEND,WORKERS,UDP_PORT,UDP_PORTS,TCP_PORT,DTLS_CERT,DTLS_KEY,STUN,TURN,TURN_SECRET,CODECS,METRICS_PORT,METRICS_HOST,LOG", "--ignore-env", "main.ts"]
