import { Buffer } from "node:buffer";

/** Short-term credentials of the samples of RFC 5769. */
export const SAMPLE_USERNAME = "evtj:h6vY";
export const SAMPLE_PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt";

/** RFC 5769 section 2.1. */
export const SAMPLE_REQUEST = bytesOf(`
  00010058 2112a442 b7e7a701bc34d686fa87dfae
  80220010 5354554e207465737420636c69656e74
  00240004 6e0001ff
  80290008 932ff9b151263b36
  00060009 6576746a3a68367659202020
  00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
  80280004 e57a3bcf`);

/** RFC 5769 section 2.2: 192.0.2.1, port 32853. */
export const SAMPLE_IPV4_RESPONSE = bytesOf(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae
  8022000b 7465737420766563746f7220
  00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
  80280004 c07d4c96`);

/** RFC 5769 section 2.3: 2001:db8:1234:5678:11:2233:4455:6677, port 32853. */
export const SAMPLE_IPV6_RESPONSE = bytesOf(`
  01010048 2112a442 b7e7a701bc34d686fa87dfae
  8022000b 7465737420766563746f7220
  00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
  80280004 c8fb0b4c`);

/** Hexadecimal digits, white space between them ignored. */
function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}
