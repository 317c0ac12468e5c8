import { lookup } from "node:dns/promises";
import { messageOf } from "../../webrtc/error_message.ts";
import { ATTRIBUTE, StunMessage } from "../../webrtc/stun.ts";
import { type Endpoint, openUdpPath, type Path, streamPath } from "./path.ts";
import { attributeOf, textOf, xorAddress, xorAddressOf } from "./stun_attributes.ts";
import { newTransactionId, transact } from "./stun_transaction.ts";
import { within } from "./within.ts";
import {
  type Attribute,
  type LongTermCredentials,
  NO_TIME,
  SELF_DELIMITED,
  TURN,
  TURN_ATTRIBUTE,
  UDP,
  writeTurnMessage,
} from "./turn_message.ts";
import type { StunServer } from "./turn_url.ts";

/** Codes of STUN errors (RFC 8489 section 14.8). */
const UNAUTHENTICATED = 401;
const STALE_NONCE = 438;
const CONNECT_MS = 4_000;

/** Why there is no allocation. `code` is the server's, 0 where it said nothing. */
export class TurnError extends Error {
  override readonly name = "TurnError";
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Opens a way to the server. Throws a TurnError where there is none. */
export async function openServerPath({ host, port, transport }: StunServer): Promise<Path> {
  try {
    const { address } = await lookup(host);
    if (transport === "udp") return openUdpPath({ address, port });
    const signal = AbortSignal.timeout(CONNECT_MS);
    const tcp = await Deno.connect({ hostname: address, port, signal });
    return streamPath(transport === "tcp" ? tcp : await startTls(tcp, host), SELF_DELIMITED);
  } catch (error) {
    throw new TurnError(0, messageOf(error));
  }
}

/** Rejects where the certificate is not the host's, which a browser would not take either. */
async function startTls(tcp: Deno.TcpConn, hostname: string): Promise<Deno.TlsConn> {
  const tls = await Deno.startTls(tcp, { hostname });
  const handshake = await within(CONNECT_MS, tls.handshake());
  if (handshake !== undefined) return tls;
  tls.close();
  throw new TurnError(0, "the TLS handshake does not complete");
}

/** An address at a TURN server (RFC 8656), by which datagrams go to whoever it permits. */
export class TurnAllocation {
  readonly relayed: Endpoint;
  readonly #path: Path;
  #credentials: LongTermCredentials;

  private constructor(path: Path, relayed: Endpoint, credentials: LongTermCredentials) {
    this.#path = path;
    this.relayed = relayed;
    this.#credentials = credentials;
  }

  /** Takes the path over. Throws a TurnError, with the path closed. */
  static async open(path: Path, account: Pick<LongTermCredentials, "username" | "password">): Promise<TurnAllocation> {
    try {
      const forUdp = (): Attribute[] => [[TURN_ATTRIBUTE.REQUESTED_TRANSPORT, UDP]];
      const asked = await request(path, TURN.ALLOCATE, forUdp);
      const credentials = { ...account, ...challengeOf(asked) };
      const { answer, used } = await authenticated(path, TURN.ALLOCATE, forUdp, credentials);
      const relayed = xorAddressOf(answer, TURN_ATTRIBUTE.XOR_RELAYED_ADDRESS);
      if (answer.type !== TURN.ALLOCATE_SUCCESS || relayed === undefined) throw errorOf(answer);
      return new TurnAllocation(path, relayed, used);
    } catch (error) {
      await path.close();
      throw error;
    }
  }

  /** A way by the relay to a peer. Throws a TurnError where that is not permitted. To be closed before the allocation. */
  async pathTo(peer: Endpoint): Promise<Path> {
    const { answer, used } = await authenticated(this.#path, TURN.CREATE_PERMISSION, (transactionId) => [
      [TURN_ATTRIBUTE.XOR_PEER_ADDRESS, xorAddress(peer, transactionId)],
    ], this.#credentials);
    this.#credentials = used;
    if (answer.type !== TURN.CREATE_PERMISSION_SUCCESS) throw errorOf(answer);
    const path: Path = {
      onDatagram: () => {},
      send: (bytes) => this.#path.send(indication(peer, bytes)),
      close: () => {
        path.onDatagram = () => {};
        return Promise.resolve();
      },
    };
    this.#path.onDatagram = (bytes) => {
      const data = dataOf(bytes);
      if (data !== undefined) path.onDatagram(data);
    };
    return path;
  }

  /** Gives the address back. */
  async close(): Promise<void> {
    const refresh = writeTurnMessage(
      TURN.REFRESH,
      newTransactionId(),
      [[TURN_ATTRIBUTE.LIFETIME, NO_TIME]],
      this.#credentials,
    );
    await this.#path.send(refresh);
    await this.#path.close();
  }
}

function indication(peer: Endpoint, data: Uint8Array): Uint8Array {
  const transactionId = newTransactionId();
  return writeTurnMessage(TURN.SEND_INDICATION, transactionId, [
    [TURN_ATTRIBUTE.XOR_PEER_ADDRESS, xorAddress(peer, transactionId)],
    [TURN_ATTRIBUTE.DATA, data],
  ]);
}

function dataOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const message = new StunMessage();
  if (!message.parse(bytes, bytes.length) || message.type !== TURN.DATA_INDICATION) return undefined;
  const data = attributeOf(message, TURN_ATTRIBUTE.DATA);
  return data && Uint8Array.from(data);
}

/** Of a request with this transaction id, which masks addresses. */
type Attributes = (transactionId: Uint8Array) => readonly Attribute[];

/** Asks once more where the nonce has got old meanwhile (RFC 8489 section 9.2.4). */
async function authenticated(
  path: Path,
  type: number,
  attributes: Attributes,
  credentials: LongTermCredentials,
): Promise<{ readonly answer: StunMessage; readonly used: LongTermCredentials }> {
  const answer = await request(path, type, attributes, credentials);
  if (answer.errorCode !== STALE_NONCE) return { answer, used: credentials };
  const used = { ...credentials, nonce: textOf(answer, ATTRIBUTE.NONCE) ?? "" };
  return { answer: await request(path, type, attributes, used), used };
}

/** Throws a TurnError where there is no answer. */
async function request(
  path: Path,
  type: number,
  attributes: Attributes,
  credentials?: LongTermCredentials,
): Promise<StunMessage> {
  const transactionId = newTransactionId();
  const message = writeTurnMessage(type, transactionId, attributes(transactionId), credentials);
  const answer = await transact(path, message);
  if (answer === undefined) throw new TurnError(0, "no answer");
  return answer.message;
}

/** A server without credentials would relay for everybody: to be told of, as clients get none to show. */
function challengeOf(answer: StunMessage): Pick<LongTermCredentials, "realm" | "nonce"> {
  if (answer.errorCode !== UNAUTHENTICATED) throw errorOf(answer);
  return { realm: textOf(answer, ATTRIBUTE.REALM) ?? "", nonce: textOf(answer, ATTRIBUTE.NONCE) ?? "" };
}

function errorOf(answer: StunMessage): TurnError {
  if (answer.errorCode === 0) return new TurnError(0, "it answers what was not asked");
  const reason = textOf(answer, ATTRIBUTE.ERROR_CODE)?.slice(4).trim();
  return new TurnError(answer.errorCode, reason || `error ${answer.errorCode}`);
}
