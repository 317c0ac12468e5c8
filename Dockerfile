# Media is UDP, on a port of its own for each peer, so the simplest way to run this is the host's network:
#   docker run --network=host switchboard
# Behind a bridge network every UDP port of the kernel's range must be published at the same number, and the host's
# address announced. The sysctl keeps that range small; give it two ports for each peer:
#   docker run -p 3000:3000 -p 50000-50199:50000-50199/udp \
#     --sysctl net.ipv4.ip_local_port_range="50000 50199" -e ANNOUNCE=<the host's address> switchboard

# With -e TCP_PORT=3478 clients whose network blocks UDP come by that TCP port: publish it too (-p 3478:3478).

# With -e TLS_CERT=certs/fullchain.pem -e TLS_KEY=certs/privkey.pem and these files at /app/certs it is https. The health
# check then asks by https too, of the container itself, whatever name the certificate is for.

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
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["deno", "eval", "--unsafely-ignore-certificate-errors", \
  "const { HOST, PORT, TLS_CERT, TLS_SELF_SIGNED } = Deno.env.toObject(); const host = HOST?.includes(':') ? '[' + HOST + ']' : HOST || 'localhost'; const scheme = TLS_CERT || TLS_SELF_SIGNED === 'yes' ? 'https' : 'http'; const { ok } = await fetch(scheme + '://' + host + ':' + (PORT || 3000) + '/healthz'); Deno.exit(ok ? 0 : 1)"]
ENTRYPOINT ["deno", "run", "--cached-only", "--frozen", "--no-prompt", \
  "--allow-net", "--allow-read=static,certs", "--allow-sys=networkInterfaces", \
  "--allow-env=PORT,HOST,MEDIA_HOST,ANNOUNCE,BACKEND,WORKERS,UDP_PORT,UDP_PORTS,TCP_PORT,DTLS_CERT,DTLS_KEY,TLS_CERT,TLS_KEY,TLS_SELF_SIGNED,STUN,TURN,TURN_SECRET,AUTH_SECRET,AUTH_JWKS,AUTH_ISSUER,AUTH_AUDIENCE,DUPLICATE_IDENTITY,PRODUCTION,CODECS,MAX_ROOMS,MAX_PEERS,MAX_TRACKS,MAX_BITRATE_IN,MAX_BITRATE_OUT,JOINS_PER_MINUTE,ORIGINS,TRUST_PROXY,LOG", "--ignore-env", "main.ts"]
