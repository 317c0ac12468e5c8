/** Lines of payload types: most of a browser's offer, and so read here, each by one expression. */

/** `a=rtpmap` (RFC 8866 section 6.6): encoding name, clock rate, and channels of audio. */
const RTPMAP = /^(\d{1,3}) +([\w.-]+) *\/ *(\d{1,10})(?: *\/ *(\d{1,3}))?(?: |$)/;
/** `a=fmtp` (RFC 8866 section 6.15). */
const FMTP = /^(\d{1,3}) +(.*)$/;
/** `a=rtcp-fb` (RFC 4585 section 4.2); what stands behind the second word is not looked at. */
const RTCP_FB = /^(\d{1,3}|\*) +([\w-]+)(?: +([\w-]+))?/;

/** What an m-line says of its payload types, line by line. */
export interface SdpFormats {
  readonly rtp: { payload: number; codec: string; rate: number; encoding?: number }[];
  readonly fmtp: { payload: number; config: string }[];
  readonly rtcpFb: { payload: number | "*"; type: string; subtype?: string }[];
}

export type FormatAttribute = "rtpmap" | "fmtp" | "rtcp-fb";

export function isFormatAttribute(name: string): name is FormatAttribute {
  return name === "rtpmap" || name === "fmtp" || name === "rtcp-fb";
}

export function noFormats(): SdpFormats {
  return { rtp: [], fmtp: [], rtcpFb: [] };
}

/** Adds one line's; a value that cannot be read adds nothing. */
export function readFormat(formats: SdpFormats, name: FormatAttribute, value: string): void {
  switch (name) {
    case "rtpmap": {
      const [, payload, codec, rate, encoding] = RTPMAP.exec(value) ?? [];
      if (codec === undefined) return;
      const channels = encoding === undefined ? {} : { encoding: Number(encoding) };
      formats.rtp.push({ payload: Number(payload), codec, rate: Number(rate), ...channels });
      return;
    }
    case "fmtp": {
      const [, payload, config] = FMTP.exec(value) ?? [];
      if (config !== undefined) formats.fmtp.push({ payload: Number(payload), config });
      return;
    }
    case "rtcp-fb": {
      const [, payload, type, subtype] = RTCP_FB.exec(value) ?? [];
      if (type === undefined) return;
      const parameter = subtype === undefined ? {} : { subtype };
      formats.rtcpFb.push({ payload: payload === "*" ? payload : Number(payload), type, ...parameter });
    }
  }
}
