/** Where a STUN or TURN server is (RFC 7064, RFC 7065). */
export interface StunServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly transport: "udp" | "tcp" | "tls";
}

const FORM = /^(stun|turn)(s?):(\[[\da-f:.]+\]|[^:?]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;
const PORT = 3478;
const TLS_PORT = 5349;

/** Undefined where it is none that can be asked: by DTLS, or of another form. */
export function parseStunUrl(url: string): StunServer | undefined {
  const found = FORM.exec(url);
  if (found === null) return undefined;
  const [, scheme, secure, host, port, transport] = found;
  const isTurn = scheme.toLowerCase() === "turn";
  if (secure !== "" && (!isTurn || transport?.toLowerCase() === "udp")) return undefined;
  return {
    url,
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: port === undefined ? (secure === "" ? PORT : TLS_PORT) : Number(port),
    transport: secure !== "" ? "tls" : transport?.toLowerCase() === "tcp" ? "tcp" : "udp",
  };
}
