/** What a test looks at in one m-line of an SDP. */
export interface SdpSection {
  readonly kind: string;
  readonly port: number;
  readonly mid: string;
  readonly direction: string;
  /** The first payload type. */
  readonly payloadType: number;
  /** The first SSRC that is announced. */
  readonly ssrc: number | undefined;
  /** RTX (RFC 4588) of the first payload type, and of the first SSRC. */
  readonly rtxPayloadType: number | undefined;
  readonly rtxSsrc: number | undefined;
  readonly msid: string | undefined;
  /** Header-extension ids by URI. */
  readonly extensions: ReadonlyMap<string, number>;
}

/** The m-lines of an SDP, in their order. */
export function sdpSections(sdp: string): SdpSection[] {
  return sdp.split(/^(?=m=)/m).slice(1).map((section) => {
    const read = (pattern: RegExp) => pattern.exec(section)?.[1];
    const readNumber = (pattern: RegExp) => {
      const digits = read(pattern);
      return digits === undefined ? undefined : Number(digits);
    };
    const payloadType = Number(read(/^m=\w+ \d+ \S+ (\d+)/));
    const ssrc = readNumber(/^a=ssrc:(\d+)/m);
    return {
      kind: read(/^m=(\w+)/) ?? "",
      port: Number(read(/^m=\w+ (\d+)/)),
      mid: read(/^a=mid:(\S+)/m) ?? "",
      direction: read(/^a=(sendrecv|sendonly|recvonly|inactive)/m) ?? "",
      payloadType,
      ssrc,
      rtxPayloadType: readNumber(new RegExp(`^a=fmtp:(\\d+) apt=${payloadType}\\r?$`, "m")),
      rtxSsrc: readNumber(new RegExp(`^a=ssrc-group:FID ${ssrc} (\\d+)`, "m")),
      msid: read(/^a=msid:(.*?)\r?$/m),
      extensions: new Map([...section.matchAll(/^a=extmap:(\d+) (\S+)/gm)].map(([, id, uri]) => [uri, Number(id)])),
    };
  });
}

/** Where ICE candidates of a transport lead to. */
export function candidateAddress(
  sdp: string,
  transport: "udp" | "tcp" = "udp",
): { readonly hostname: string; readonly port: number } {
  const [, hostname, port] = new RegExp(`^a=candidate:\\S+ 1 ${transport} \\d+ (\\S+) (\\d+)`, "m").exec(sdp) ?? [];
  if (hostname === undefined) throw new TypeError("the SDP has no candidate");
  return { hostname, port: Number(port) };
}
