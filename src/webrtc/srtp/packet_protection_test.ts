import assert from "node:assert/strict";
import { PacketProtection } from "./packet_protection.ts";

/** What forms the IVs of a cipher that does nothing. */
function ivsOf(salt: Uint8Array, ivLength: number): PacketProtection {
  return new PacketProtection({ ivLength, tagLength: 10, seal: () => {}, open: () => true, close: () => {} }, salt);
}

const GCM_SALT = Uint8Array.fromHex("517569642070726f2071756f");

Deno.test({
  name: "an AEAD IV of SRTP is that of RFC 7714 section 16.1",
  permissions: "none",
  fn() {
    const iv = ivsOf(GCM_SALT, 12);
    assert.equal(iv.formIv(0x5501a0b2, 0xf17b).toHex(), "51753c6580c2726f20718414");
  },
});

Deno.test({
  name: "an AEAD IV of SRTCP is that of RFC 7714 section 17.1",
  permissions: "none",
  fn() {
    const iv = ivsOf(GCM_SALT, 12);
    assert.equal(iv.formIv(0x4d617273, 0x5d4).toHex(), "517524055203726f207170bb");
  },
});

Deno.test({
  name: "an AEAD IV has the SSRC, the roll-over counter and the sequence number side by side",
  permissions: "none",
  fn() {
    const iv = ivsOf(new Uint8Array(12), 12);
    assert.equal(iv.formIv(0x81020304, 0xa1a2a3a4 * 0x10000 + 0xb1b2).toHex(), "000081020304a1a2a3a4b1b2");
  },
});

Deno.test({
  name: "an IV of counter mode has SSRC * 2^64 XOR index * 2^16, and room for the block counter",
  permissions: "none",
  fn() {
    const iv = ivsOf(new Uint8Array(14), 16);
    assert.equal(iv.formIv(0x81020304, 0xa1a2a3a4 * 0x10000 + 0xb1b2).toHex(), "0000000081020304a1a2a3a4b1b20000");
    const salted = ivsOf(Uint8Array.fromHex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"), 16);
    assert.equal(salted.formIv(0, 0).toHex(), "f0f1f2f3f4f5f6f7f8f9fafbfcfd0000", "RFC 3711 appendix B.2");
  },
});

Deno.test({
  name: "an IV holds nothing of the one before it",
  permissions: "none",
  fn() {
    const iv = ivsOf(GCM_SALT, 12);
    iv.formIv(0xffffffff, 2 ** 48 - 1);
    assert.equal(iv.formIv(0x5501a0b2, 0xf17b).toHex(), "51753c6580c2726f20718414");
  },
});
