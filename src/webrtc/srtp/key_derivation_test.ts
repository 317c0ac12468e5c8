import assert from "node:assert/strict";
import { deriveSessionKeys } from "./key_derivation.ts";

const KEY = Uint8Array.fromHex("e1f97a0d3e018be0d64fa32c06de4139");
const SALT = Uint8Array.fromHex("0ec675ad498afeebb6960b3aabe6");

Deno.test({
  name: "the session keys of AES_CM are those of RFC 3711 appendix B.3",
  permissions: "none",
  fn() {
    const keys = deriveSessionKeys("SRTP_AES128_CM_HMAC_SHA1_80", { key: KEY, salt: SALT }).rtp;
    assert.equal(keys.key.toHex(), "c61e7a93744f39ee10734afe3ff7a087");
    assert.equal(keys.salt.toHex(), "30cbbc08863d8c85d49db34a9ae1");
    assert.equal(keys.authKey.toHex(), "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
  },
});

Deno.test({
  name: "the session keys of a 256-bit master key are those of RFC 6188 section 7.2",
  permissions: "none",
  fn() {
    const master = {
      key: Uint8Array.fromHex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"),
      salt: Uint8Array.fromHex("3b04803de51ee7c96423ab5b78d2"),
    };
    const keys = deriveSessionKeys("SRTP_AEAD_AES_256_GCM", master).rtp;
    assert.equal(keys.key.toHex(), "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4");
    assert.equal(keys.salt.toHex(), "fa31791685ca444a9e07c6c6");
    assert.equal(keys.authKey.length, 0);
  },
});

Deno.test({
  name: "SRTCP has keys of its own",
  permissions: "none",
  fn() {
    const master = { key: KEY, salt: SALT };
    const { rtp, rtcp } = deriveSessionKeys("SRTP_AES128_CM_HMAC_SHA1_80", master);
    assert.equal(rtcp.key.toHex(), "4c1aa45a81f73d61c800bbb00fbb1eaa");
    assert.equal(rtcp.salt.toHex(), "9581c7ad87b3e530bf3e4454a8b3");
    assert.equal(rtcp.authKey.toHex(), "8d54534feb49ae8e7993a6bd0b844fc323a93dfd");
    const all = [rtp, rtcp].flatMap(({ key, salt, authKey }) => [key, salt, authKey]).map((part) => part.toHex());
    assert.equal(new Set(all).size, all.length);
  },
});

Deno.test({
  name: "an AEAD profile derives from the 12-byte salt as from one padded with zeros, and has no authentication key",
  permissions: "none",
  fn() {
    const padded = SALT.slice();
    padded.fill(0, 12);
    const aead = deriveSessionKeys("SRTP_AEAD_AES_128_GCM", { key: KEY, salt: SALT.slice(0, 12) }).rtp;
    const counterMode = deriveSessionKeys("SRTP_AES128_CM_HMAC_SHA1_80", { key: KEY, salt: padded }).rtp;
    assert.deepEqual(aead.key, counterMode.key);
    assert.deepEqual(aead.salt, counterMode.salt.slice(0, 12));
    assert.equal(aead.authKey.length, 0);
  },
});
