import { parseIpAddress } from "../../webrtc/ip_address.ts";
import { addressKind } from "../address_kind.ts";

/** A way by which datagrams go to one place and come back. */
export interface Path {
  /** Whoever has it last gets what comes. Nothing comes after `close`. */
  onDatagram: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Never rejects: what cannot be sent is as what gets lost. */
  send(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** An IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A socket of its own, which takes what comes from the endpoint alone. Throws what Deno.listenDatagram throws. */
export function openUdpPath({ address, port }: Endpoint): Path {
  const isIpv6 = address.includes(":");
  const isNear = addressKind(address) === "loopback";
  const hostname = isNear ? address : isIpv6 ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  const server = { transport: "udp", hostname: address, port } as const;
  const path: Path = {
    onDatagram: () => {},
    async send(bytes) {
      try {
        await socket.send(bytes, server);
      } catch (error) {
        // No route, or the socket is closed: nothing will come back either.
        if (!(error instanceof Error)) throw error;
      }
    },
    async close() {
      path.onDatagram = () => {};
      socket.close();
      await reading;
    },
  };
  const reading = readDatagrams(socket, { address, port }, (bytes) => path.onDatagram(bytes));
  return path;
}

async function readDatagrams(
  socket: Deno.DatagramConn,
  server: Endpoint,
  take: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  for (;;) {
    try {
      for await (const [bytes, from] of socket) {
        if (isFrom(from as Deno.NetAddr, server)) take(Uint8Array.from(bytes));
      }
      return;
    } catch (error) {
      // An ICMP error of what was sent before: nobody listens there, which silence says as well.
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
  }
}

/** A browser takes an answer from nowhere else either (RFC 8445 section 7.2.5.2.1). */
function isFrom({ hostname, port }: Deno.NetAddr, server: Endpoint): boolean {
  return port === server.port && String(parseIpAddress(hostname)) === String(parseIpAddress(server.address));
}

/** How datagrams lie in the stream of a TCP connection. */
export interface Framing {
  frame(datagram: Uint8Array): Uint8Array;
  /** The length of the first frame, header included, as soon as its header is there; 0 before that. */
  frameLength(bytes: Uint8Array): number;
  /** What the frame holds. */
  datagram(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/** Each datagram behind its length in 16 bits (RFC 4571 section 2). */
export const LENGTH_PREFIXED: Framing = {
  frame: (datagram) => Uint8Array.of(datagram.length >>> 8, datagram.length & 0xff, ...datagram),
  frameLength: (bytes) => bytes.length < 2 ? 0 : 2 + bytes[0] * 256 + bytes[1],
  datagram: (frame) => frame.subarray(2),
};

/** Datagrams by a connection that is open, which it closes. */
export function streamPath(connection: Deno.Conn, framing: Framing): Path {
  let sending: Promise<void> = Promise.resolve();
  const path: Path = {
    onDatagram: () => {},
    send: (datagram) => sending = sending.then(() => writeAll(connection, framing.frame(datagram))),
    async close() {
      path.onDatagram = () => {};
      connection.close();
      await Promise.all([sending, reading]);
    },
  };
  const reading = readFrames(connection, framing, (datagram) => path.onDatagram(datagram));
  return path;
}

/** What cannot be written is lost: the other side has closed the connection, or we have. */
async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

async function readFrames(
  connection: Deno.Conn,
  { frameLength, datagram }: Framing,
  take: (datagram: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let rest = new Uint8Array(0);
  for (;;) {
    const count = await readSome(connection, buffer);
    if (count === 0) return;
    rest = Uint8Array.from([...rest, ...buffer.subarray(0, count)]);
    for (let length = frameLength(rest); length > 0 && length <= rest.length; length = frameLength(rest)) {
      take(datagram(rest.slice(0, length)));
      rest = rest.slice(length);
    }
  }
}

/** 0 at the end, whatever has ended it. */
async function readSome(connection: Deno.Conn, buffer: Uint8Array): Promise<number> {
  try {
    return await connection.read(buffer) ?? 0;
  } catch (error) {
    if (error instanceof Error) return 0;
    throw error;
  }
}
