import { systemClock } from "../io/clock.ts";
import type { SrtpKeying } from "../webrtc/dtls.ts";
import { messageOf } from "../webrtc/error_message.ts";
import type { IceCredentials } from "../webrtc/ice_generations.ts";
import { BINDING_REQUEST, BINDING_SUCCESS, StunMessage } from "../webrtc/stun.ts";
import { writeBindingRequest } from "../webrtc/stun_request.ts";
import { MAX_RESPONSE_LENGTH, writeBindingSuccess } from "../webrtc/stun_response.ts";
import type { CandidateAddress } from "./answer.ts";
import type { ClientHandshake } from "./client_handshake.ts";
import type { OpenSslClientDtls } from "./openssl_client.ts";
import type { Task } from "./schedule.ts";
import type { Turns } from "./turns.ts";

const CHECK_RETRY_US = 100_000;
/** What the DTLS client is told: it repeats a flight after a second. Before that this process may just be busy. */
const ROUND_TRIP_MS = 500;
/** As Chromium does. */
const CONSENT_INTERVAL_US = 2.5e6;
/** Of a peer-reflexive candidate of UDP (RFC 8445 section 5.1.2). */
const PRIORITY = 0x6eff_ffff;
const MAX_STUN_BYTE = 3;

export interface ConnectionOptions {
  readonly local: IceCredentials;
  readonly remote: IceCredentials;
  /** Where everything goes, and where it comes from. */
  readonly address: CandidateAddress;
  readonly dtls: Pick<OpenSslClientDtls, "open" | "accept">;
  /** Whether the server begins the handshake. */
  readonly acceptsDtls: boolean;
  /** Give each datagram of a handshake a turn of its own. */
  readonly turns: Turns;
  readonly send: (datagram: Uint8Array) => void;
  /** Called once; the keys are named from the server's side. */
  readonly connected: (keying: SrtpKeying) => void;
  /** Called once at most, instead. */
  readonly failed: (reason: string) => void;
}

type State = "checking" | "handshaking" | "connected" | "closed";

/**
 * ICE and DTLS of one peer: a binding request that nominates (RFC 8445), then the handshake; from then on a consent check
 * (RFC 7675) every 2.5 s. A server that is no ICE-lite agent checks in its turn, and is answered.
 */
export class Connection implements Task {
  readonly #options: ConnectionOptions;
  readonly #username: string;
  readonly #message = new StunMessage();
  readonly #request = new Uint8Array(256);
  readonly #response = new Uint8Array(MAX_RESPONSE_LENGTH);
  readonly #transactionId = crypto.getRandomValues(new Uint8Array(12));
  #state: State = "checking";
  #client: ClientHandshake | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#username = `${options.remote.ufrag}:${options.local.ufrag}`;
  }

  /** Sends a check where one is due. The handshake has its own time. */
  run(nowUs: number): number {
    switch (this.#state) {
      case "closed":
        return Infinity;
      case "handshaking":
        return nowUs + CHECK_RETRY_US;
      default:
        this.#check();
        return nowUs + (this.#state === "checking" ? CHECK_RETRY_US : CONSENT_INTERVAL_US);
    }
  }

  handleDatagram(bytes: Uint8Array): void {
    if (this.#state !== "connected") this.#options.turns.later(() => this.#handle(bytes));
    else if (bytes[0] <= MAX_STUN_BYTE) this.#handleStun(bytes);
  }

  close(): void {
    this.#state = "closed";
    this.#client?.stop();
    this.#client = undefined;
  }

  #handle(bytes: Uint8Array): void {
    if (bytes[0] > MAX_STUN_BYTE) this.#handleDtls(bytes);
    else this.#handleStun(bytes);
  }

  #handleStun(bytes: Uint8Array): void {
    const message = this.#message;
    if (this.#state === "closed" || !message.parse(bytes, bytes.length)) return;
    const { local, remote, address, send } = this.#options;
    if (message.type === BINDING_REQUEST && message.hasValidIntegrity(local.password)) {
      send(this.#response.subarray(0, writeBindingSuccess(this.#response, message, address, local.password)));
    } else if (
      this.#state === "checking" && message.type === BINDING_SUCCESS && message.hasValidIntegrity(remote.password)
    ) this.#handshake();
  }

  #handleDtls(bytes: Uint8Array): void {
    // Who begins does so once it knows the way, which may be before the answer to our check.
    if (this.#state === "checking" && this.#options.acceptsDtls) this.#handshake();
    try {
      this.#client?.handleDatagram(bytes);
    } catch (error) {
      this.close();
      this.#options.failed(messageOf(error));
    }
  }

  #check(): void {
    this.#transactionId[0]++;
    const { remote, send } = this.#options;
    const length = writeBindingRequest(this.#request, {
      transactionId: this.#transactionId,
      username: this.#username,
      password: remote.password,
      priority: PRIORITY,
      role: "controlling",
      useCandidate: true,
    });
    send(this.#request.subarray(0, length));
  }

  #handshake(): void {
    this.#state = "handshaking";
    const { dtls, acceptsDtls, send } = this.#options;
    const surroundings = { clock: systemClock, send, connected: (keying: SrtpKeying) => this.#finish(keying) };
    this.#client = acceptsDtls ? dtls.accept(surroundings) : dtls.open(surroundings);
    this.#client.start(ROUND_TRIP_MS);
  }

  /** The DTLS client has nothing more to do: what the server would send are alerts. */
  #finish(keying: SrtpKeying): void {
    this.#state = "connected";
    this.#client = undefined;
    this.#options.connected(keying);
  }
}
