import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from "node:crypto";
import { readInt32 } from "../rtp/bytes.ts";
import { NONCE_LENGTH } from "./direct_datagram.ts";

const KEY_LENGTH = 16;
const ID_LENGTH = 4;
const LABEL = "switchboard direct path 1";

/** What protects the datagrams of one direction. */
export interface DirectionKeys {
  /** AES-128. */
  readonly key: Uint8Array;
  /** Of the nonces, NONCE_LENGTH bytes. */
  readonly salt: Uint8Array;
  /** Names the key in each datagram: 32 bits, signed. */
  readonly id: number;
}

export interface PathKeys {
  readonly send: DirectionKeys;
  readonly receive: DirectionKeys;
}

/** A node by its name and its public key. */
export interface KeyedNode {
  readonly name: string;
  /** X25519 (RFC 7748), Base64url. */
  readonly publicKey: string;
}

/** The key pair of one node, for as long as it stays. */
export class NodeKeyPair {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    this.publicKey = publicKey.export({ format: "jwk" }).x ?? "";
    this.#privateKey = privateKey;
  }

  /**
   * The keys that `own`, the name of this node, has with another one, which derives the same with the directions exchanged
   * (X25519, HKDF with SHA-256: RFC 5869). Undefined where that has no valid public key.
   */
  agree(own: string, other: KeyedNode): PathKeys | undefined {
    const secret = this.#secretWith(other.publicKey);
    if (secret === undefined) return undefined;
    const self = { name: own, publicKey: this.publicKey };
    const keys = { send: derive(secret, self, other), receive: derive(secret, other, self) };
    secret.fill(0);
    return keys;
  }

  #secretWith(publicKey: string): Uint8Array | undefined {
    try {
      const key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: publicKey }, format: "jwk" });
      return diffieHellman({ privateKey: this.#privateKey, publicKey: key });
    } catch {
      return undefined; // No point, or one of small order, with which everybody has the same secret.
    }
  }
}

function derive(secret: Uint8Array, from: KeyedNode, to: KeyedNode): DirectionKeys {
  const info = JSON.stringify([LABEL, from.name, to.name, from.publicKey, to.publicKey]);
  const bytes = new Uint8Array(
    hkdfSync("sha256", secret, new Uint8Array(0), info, KEY_LENGTH + NONCE_LENGTH + ID_LENGTH),
  );
  return {
    key: bytes.subarray(0, KEY_LENGTH),
    salt: bytes.subarray(KEY_LENGTH, KEY_LENGTH + NONCE_LENGTH),
    id: readInt32(bytes, KEY_LENGTH + NONCE_LENGTH),
  };
}
