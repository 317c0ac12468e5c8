/** A STUN or TURN server for clients, as RTCIceServer has it. */
export interface IceServer {
  /** As in `turn:turn.example.org?transport=udp` (RFC 7064, RFC 7065). */
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What stands between `<` and `>`. */
const URL_TEXT = /^[!-;=?-~]+$/;
/** What every reader of a quoted-string takes for the same characters (RFC 9110 section 5.6.4). */
const QUOTABLE = /^[ -~]*$/;

/**
 * The values of the Link fields that tell clients of ICE servers, one for each URL (RFC 9725 section 4.6). Throws a
 * TypeError where a header cannot carry what is given; it does not repeat credentials.
 */
export function iceLinks(servers: readonly IceServer[]): string[] {
  return servers.flatMap((server) => {
    const secret = secretOf(server);
    return server.urls.map((url) => `<${checked(url, URL_TEXT, "urls", server)}>; rel="ice-server"${secret}`);
  });
}

function secretOf(server: IceServer): string {
  const { username, credential } = server;
  if (username === undefined || credential === undefined) return "";
  const [user, password] = [
    quoted(checked(username, QUOTABLE, "username", server)),
    quoted(checked(credential, QUOTABLE, "credential", server)),
  ];
  return `; username=${user}; credential=${password}; credential-type="password"`;
}

function checked(text: string, allowed: RegExp, field: keyof IceServer, { urls }: IceServer): string {
  if (allowed.test(text)) return text;
  const named = JSON.stringify(urls.join(" "));
  const what = field === "urls" ? "ASCII without blanks, < and >" : "printable ASCII";
  throw new TypeError(`iceServers: ${field} of ${named} cannot stand in a Link header: it must be ${what}`);
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
