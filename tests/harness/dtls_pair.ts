import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { createCertificate, type DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import { CHANGE_CIPHER_SPEC } from "../../src/io/dtls/record.ts";
import type { DtlsConnected, DtlsFactory, DtlsSession } from "../../src/webrtc/dtls.ts";
import type { SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { TestClient } from "./dtls_client.ts";

export const CLIENT_CERTIFICATE: DtlsCertificate = createCertificate(Date.UTC(2027, 0, 1));

export interface PairOptions {
  readonly certificate?: DtlsCertificate;
  /** The key that the client signs with, where it is not the certificate's. */
  readonly keyPem?: string;
  readonly profiles?: readonly SrtpProfile[];
  readonly extendedMasterSecret?: boolean;
  /** Whether a datagram to the client is lost. */
  readonly losesDown?: (datagram: Uint8Array) => boolean;
  /** Called where the session tells that it is connected, or has data of the client. */
  readonly told?: (event: "connected" | "data") => void;
  /** What comes of a datagram to the server: nothing where it is lost. */
  readonly carryUp?: (datagram: Uint8Array) => readonly Uint8Array[];
}

const START_MS = 5_000_000;

/** How long a handshake may last. */
export const DEADLINE_MS = 15_000;

/** More rounds than a handshake has flights, with every one of them lost a few times. */
const MAX_ROUNDS = 100;

/** A session and werift's client on a wire in memory, in virtual time. */
export class DtlsPair {
  readonly session: DtlsSession;
  readonly connected: DtlsConnected[] = [];
  readonly failed: string[] = [];
  readonly received: Uint8Array[] = [];
  /** All datagrams that the client has sent. */
  readonly clientSent: Uint8Array[] = [];
  serverSent = 0;
  nowMs = START_MS;
  readonly #options: PairOptions;
  readonly #up: Uint8Array[] = [];
  readonly #down: Uint8Array[] = [];
  #client: TestClient;

  constructor(factory: DtlsFactory, options: PairOptions = {}) {
    this.#options = options;
    this.#client = this.#newClient();
    this.session = factory.create({
      sendDatagram: (bytes) => {
        this.serverSent++;
        if (!options.losesDown?.(bytes)) this.#down.push(Uint8Array.from(bytes));
      },
      connected: (result) => {
        this.connected.push(result);
        options.told?.("connected");
      },
      failed: (reason) => this.failed.push(reason),
      applicationData: (bytes) => {
        this.received.push(Uint8Array.from(bytes));
        options.told?.("data");
      },
    }, this.nowMs);
  }

  get client(): TestClient {
    return this.#client;
  }

  /** Puts another client of the same kind in the place of this one. */
  replaceClient(): void {
    this.#client = this.#newClient();
  }

  #newClient(): TestClient {
    const { certificate = CLIENT_CERTIFICATE, keyPem, extendedMasterSecret } = this.#options;
    return new TestClient({
      certificate,
      keyPem,
      extendedMasterSecret,
      profiles: this.#options.profiles ?? ["SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"],
      send: (datagram) => {
        this.clientSent.push(Uint8Array.from(datagram));
        this.#up.push(...(this.#options.carryUp?.(datagram) ?? [datagram]));
      },
    });
  }

  /** Carries datagrams until both sides are silent. */
  async settle(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // The client goes on in promises: a turn of the event loop lets them all run.
      await setImmediate();
      if (this.#up.length === 0 && this.#down.length === 0) return;
      for (const datagram of this.#up.splice(0)) this.session.handleDatagram(datagram, this.nowMs);
      for (const datagram of this.#down.splice(0)) this.#client.handleDatagram(datagram);
    }
    assert.fail("the two sides do not come to rest");
  }

  /** A handshake as far as it goes without a retransmission. */
  async connect(): Promise<void> {
    await this.#client.connect();
    await this.settle();
  }

  /** Lets time pass to the next timeout of the session. */
  expire(): void {
    this.nowMs = this.session.nextTimeout();
    assert.ok(Number.isFinite(this.nowMs), "no timeout is set");
    this.session.handleTimeout(this.nowMs);
  }

  /** Lets the client repeat its flight, and time pass, until it is connected or the session has ended. */
  async persist(stepMs: number): Promise<void> {
    while (this.failed.length === 0 && this.#client.connections === 0) {
      this.nowMs += stepMs;
      this.session.handleTimeout(this.nowMs);
      this.#client.resend();
      await this.settle();
    }
  }

  /** Both sides have completed, once, and hold the same SRTP keys; the session still takes the client's data. */
  async assertWorks(): Promise<void> {
    assert.deepEqual(this.failed, []);
    assert.equal(this.connected.length, 1, "the server is not connected");
    assert.ok(this.#client.connections > 0, "the client is not connected");
    const [{ profile, local, remote }] = this.connected;
    const keys = this.#client.srtpKeys(profile);
    assert.deepEqual(local, { key: Uint8Array.from(keys.remoteKey), salt: Uint8Array.from(keys.remoteSalt) });
    assert.deepEqual(remote, { key: Uint8Array.from(keys.localKey), salt: Uint8Array.from(keys.localSalt) });
    const data = Uint8Array.from({ length: 32 }, (_, index) => index + this.received.length);
    await this.#client.sendApplicationData(data);
    await this.settle();
    assert.deepEqual(this.received.at(-1), data);
  }

  /** The client was refused: told once, and no keys were given. */
  assertRefused(): void {
    assert.equal(this.failed.length, 1);
    assert.deepEqual(this.connected, []);
  }
}

/** Whether a datagram begins with a handshake message of this type in the clear. */
export function beginsWith(datagram: Uint8Array, handshakeType: number): boolean {
  return datagram[0] === 22 && datagram[4] === 0 && datagram[13] === handshakeType;
}

/** The handshake message, or the part of one, that a datagram begins with in the clear; undefined where it is none. */
export function firstMessage(datagram: Uint8Array): string | undefined {
  return datagram[0] === 22 && datagram[4] === 0 ? datagram.subarray(13, 25).toHex() : undefined;
}

/** Whether a datagram of the server begins with its ChangeCipherSpec. */
export function beginsLastFlight(datagram: Uint8Array): boolean {
  return datagram[0] === CHANGE_CIPHER_SPEC;
}
