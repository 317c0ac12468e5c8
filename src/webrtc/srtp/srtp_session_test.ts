import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bytesOf,
  masterKeys,
  PROFILES,
  protectRtcp,
  protectRtp,
  rtcpBytes,
  srtpPair,
  unprotectRtcp,
  unprotectRtp,
} from "../../../tests/harness/srtp_packets.ts";
import { rtpBytes } from "../../../tests/harness/rtp_packets.ts";
import { portableCiphers } from "../../io/portable/cipher.ts";
import { CryptographicContext } from "./cryptographic_context.ts";
import { SRTP_PROFILES, type SrtpProfile } from "./profile.ts";
import { SILENT_AFTER_PACKETS } from "./ssrc_table.ts";
import { SrtpReceiver, SrtpSender } from "./srtp_session.ts";

const SSRC = 0xdecafbad;

function plainRtp(sequenceNumber: number, ssrc = SSRC, payloadLength = 60): Uint8Array {
  return rtpBytes({ sequenceNumber, timestamp: sequenceNumber * 960, ssrc, payload: [...bytesOf(payloadLength, 1)] });
}

/** Registers one test for each profile. */
function forEachProfile(name: string, fn: (profile: SrtpProfile) => void): void {
  for (const profile of PROFILES) {
    Deno.test({
      name: `${name} (${profile})`,
      permissions: "none",
      fn: () => fn(profile),
    });
  }
}

/** An SRTCP packet that is authenticated but not encrypted, which SrtpSender never makes. */
function unencryptedRtcp(profile: SrtpProfile, plain: Uint8Array, index: number): Uint8Array {
  const { tagLength } = SRTP_PROFILES[profile];
  const context = new CryptographicContext(profile, masterKeys(profile, 1), portableCiphers);
  const packet = new Uint8Array(plain.length + tagLength + 4);
  packet.set(plain);
  const trailer = context.rtcpTrailer(index);
  const ssrc = new DataView(plain.buffer).getUint32(4);
  const tagOffset = context.rtcpTagOffset(plain.length);
  const { rtcp } = context;
  rtcp.cipher.seal(rtcp.formIv(ssrc, index), packet, plain.length, plain, plain.length, 0, trailer, tagOffset);
  packet.set(trailer, context.rtcpIndexWordOffset(plain.length));
  return packet;
}

Deno.test({
  name: "the packets of AES_CM_128_HMAC_SHA1_80 are those that libsrtp checks itself with",
  permissions: "none",
  fn() {
    const keys = {
      key: Uint8Array.fromHex("e1f97a0d3e018be0d64fa32c06de4139"),
      salt: Uint8Array.fromHex("0ec675ad498afeebb6960b3aabe6"),
    };
    const sender = new SrtpSender("SRTP_AES128_CM_HMAC_SHA1_80", keys, portableCiphers);
    const rtp = Uint8Array.fromHex("800f1234decafbadcafebabe" + "ab".repeat(16));
    assert.equal(
      protectRtp(sender, rtp).toHex(),
      "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
    );
    const receiver = new SrtpReceiver("SRTP_AES128_CM_HMAC_SHA1_80", keys, portableCiphers);
    const srtcp = "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
    assert.equal(
      unprotectRtcp(receiver, Uint8Array.fromHex(srtcp))?.toHex(),
      "81c8000bcafebabe" + "ab".repeat(16),
    );
  },
});

forEachProfile("B30: of every datagram delivered five times, exactly one comes out", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  let rtp = 0;
  let rtcp = 0;
  for (let packet = 0; packet < 50; packet++) {
    const media = protectRtp(sender, plainRtp(65510 + packet & 0xffff));
    const control = protectRtcp(sender, rtcpBytes(SSRC));
    for (let copy = 0; copy < 5; copy++) {
      if (unprotectRtp(receiver, media) !== undefined) rtp++;
      if (unprotectRtcp(receiver, control) !== undefined) rtcp++;
    }
  }
  assert.deepEqual([rtp, rtcp, receiver.replayed], [50, 50, 400]);
});

forEachProfile("B31: packets around a roll-over come out in any order, late ones of the turn before too", (profile) => {
  const order = [65533, 65535, 0, 65534, 2, 65532, 1, 700, 65300];
  const { sender, receiver } = srtpPair(profile);
  const datagrams = new Map<number, Uint8Array>();
  for (const sequenceNumber of [65300, 65532, 65533, 65534, 65535, 0, 1, 2, 700]) {
    datagrams.set(sequenceNumber, protectRtp(sender, plainRtp(sequenceNumber)));
  }
  for (const sequenceNumber of order) {
    const datagram = datagrams.get(sequenceNumber);
    assert.ok(datagram);
    assert.deepEqual(unprotectRtp(receiver, datagram), plainRtp(sequenceNumber), `${sequenceNumber}`);
  }
});

forEachProfile("B31: a packet that is protected late gets the roll-over counter of its own turn", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  for (const sequenceNumber of [65533, 0, 65535, 1, 65534]) {
    const datagram = protectRtp(sender, plainRtp(sequenceNumber));
    assert.deepEqual(unprotectRtp(receiver, datagram), plainRtp(sequenceNumber), `${sequenceNumber}`);
  }
});

forEachProfile("B31: the roll-over counter counts on over many turns", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  for (let packet = 0; packet < 40; packet++) {
    const plain = plainRtp(packet * 30011 & 0xffff);
    assert.deepEqual(unprotectRtp(receiver, protectRtp(sender, plain)), plain, `packet ${packet}`);
  }
});

forEachProfile("B32: forged sequence numbers move no roll-over counter", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  assert.ok(unprotectRtp(receiver, protectRtp(sender, plainRtp(40000))));
  for (let sequenceNumber = 0; sequenceNumber < 65536; sequenceNumber += 1021) {
    const forged = protectRtp(srtpPair(profile).sender, plainRtp(sequenceNumber));
    forged[forged.length - 1] ^= 1;
    assert.equal(unprotectRtp(receiver, forged), undefined);
  }
  assert.deepEqual(unprotectRtp(receiver, protectRtp(sender, plainRtp(40001))), plainRtp(40001));
});

forEachProfile(
  "B32: a packet with any byte changed is dropped as it is, and the true one passes afterwards",
  (profile) => {
    const { sender, receiver } = srtpPair(profile);
    const kinds = [
      { datagram: protectRtp(sender, plainRtp(7)), unprotect: receiver.unprotectRtp.bind(receiver) },
      { datagram: protectRtcp(sender, rtcpBytes(SSRC)), unprotect: receiver.unprotectRtcp.bind(receiver) },
    ];
    for (const { datagram, unprotect } of kinds) {
      for (let at = 0; at < datagram.length; at++) {
        for (const bit of [0x01, 0x80]) {
          const forged = datagram.slice();
          forged[at] ^= bit;
          const before = forged.slice();
          assert.equal(unprotect(forged, forged.length), -1, `byte ${at}`);
          assert.deepEqual(forged, before, `byte ${at}`);
        }
      }
      assert.equal(receiver.replayed, 0);
      assert.ok(unprotect(datagram, datagram.length) > 0);
    }
  },
);

forEachProfile("B32: packets that fail leave no SSRC behind", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  const stranger = new SrtpSender(profile, masterKeys(profile, 2), portableCiphers);
  for (let ssrc = 1; ssrc <= 200; ssrc++) {
    assert.equal(unprotectRtp(receiver, protectRtp(stranger, plainRtp(1, ssrc))), undefined);
    assert.equal(unprotectRtcp(receiver, protectRtcp(stranger, rtcpBytes(ssrc))), undefined);
  }
  assert.equal(receiver.ssrcCount, 0);
  assert.equal(receiver.wrongTag, 400);
  assert.ok(unprotectRtp(receiver, protectRtp(sender, plainRtp(1))));
  assert.equal(receiver.ssrcCount, 1);
});

forEachProfile("B32: an oversized header, by CSRC count or extension length, is dropped", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  const plain = rtpBytes({ ssrc: SSRC, extension: { profile: 0xbede, data: [] }, payload: [1, 2, 3] });
  const datagram = protectRtp(sender, plain);
  const csrcs = datagram.slice();
  csrcs[0] |= 0x0f;
  const extension = datagram.slice();
  extension.set([0xff, 0xff], 14);
  for (const forged of [csrcs, extension]) assert.equal(unprotectRtp(receiver, forged), undefined);
  assert.equal(receiver.tooShort, 2);
  assert.deepEqual(unprotectRtp(receiver, datagram), plain);
});

forEachProfile("B33: a peer that sends from too many SSRCs loses only the ones too many", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  for (let ssrc = 1; ssrc <= 70; ssrc++) unprotectRtp(receiver, protectRtp(sender, plainRtp(1, ssrc)));
  assert.equal(receiver.ssrcCount, 64);
  assert.equal(receiver.tooManySsrcs, 6);
  for (let packet = 0; packet < SILENT_AFTER_PACKETS; packet++) {
    const plain = plainRtp(2 + (packet / 63 | 0), 2 + packet % 63, 0);
    assert.ok(unprotectRtp(receiver, protectRtp(sender, plain)));
  }
  assert.ok(unprotectRtp(receiver, protectRtp(sender, plainRtp(2, 70))), "SSRC 1 has been silent");
  assert.equal(receiver.ssrcCount, 64);
});

forEachProfile("B34: a sequence number is sent once only", (profile) => {
  const { sender } = srtpPair(profile);
  protectRtp(sender, plainRtp(65535));
  protectRtp(sender, plainRtp(1));
  const slot = new Uint8Array(2048);
  for (const sequenceNumber of [65535, 1, 63000]) {
    slot.set(plainRtp(sequenceNumber));
    assert.equal(sender.protectRtp(slot, 12, slot, 12, 60), -1, `${sequenceNumber}`);
  }
  assert.equal(sender.refused, 3);
  protectRtp(sender, plainRtp(0));
});

forEachProfile(
  "B35: every SRTCP packet is sent encrypted and with an index of its own, whoever its sender",
  (profile) => {
    const { sender } = srtpPair(profile);
    const words = new Set<number>();
    for (let packet = 0; packet < 30; packet++) {
      const datagram = protectRtcp(sender, rtcpBytes(SSRC + packet % 3));
      const at = SRTP_PROFILES[profile].aead ? datagram.length - 4 : datagram.length - 14;
      const word = new DataView(datagram.buffer).getUint32(at);
      assert.ok(word >= 0x80000000, "E-bit");
      words.add(word);
      sender.removeStream(SSRC + packet % 3);
    }
    assert.equal(words.size, 30);
  },
);

forEachProfile("B36: SRTCP that is not encrypted is taken only if it is authentic, and once", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  const plain = rtcpBytes(SSRC);
  const datagram = unencryptedRtcp(profile, plain, 5);
  assert.deepEqual(datagram.slice(0, plain.length), plain);
  for (let at = 0; at < datagram.length; at++) {
    const forged = datagram.slice();
    forged[at] ^= 0x80;
    assert.equal(unprotectRtcp(receiver, forged), undefined, `byte ${at}`);
  }
  assert.deepEqual(unprotectRtcp(receiver, datagram), plain);
  assert.equal(unprotectRtcp(receiver, datagram), undefined);
  assert.ok(unprotectRtcp(receiver, protectRtcp(sender, plain)));
});

forEachProfile("RTCP is protected in place as well", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  const plain = rtcpBytes(SSRC);
  const bytes = new Uint8Array(200);
  bytes.set(plain);
  const length = sender.protectRtcp(bytes, bytes, plain.length);
  assert.deepEqual(unprotectRtcp(receiver, bytes.slice(0, length)), plain);
});

forEachProfile("what does not fit its slot, or is no RTCP packet, is refused", (profile) => {
  const { sender } = srtpPair(profile);
  const { tagLength } = SRTP_PROFILES[profile];
  const plain = plainRtp(1);
  const tight = new Uint8Array(plain.length + tagLength);
  tight.set(plain);
  assert.equal(sender.protectRtp(tight.subarray(1), 12, plain, 12, plain.length - 12), -1);
  assert.equal(sender.protectRtp(tight, 12, plain, 12, plain.length - 12), tight.length);
  const rtcp = rtcpBytes(SSRC);
  assert.equal(sender.protectRtcp(new Uint8Array(rtcp.length + tagLength + 3), rtcp, rtcp.length), -1);
  assert.equal(sender.protectRtcp(new Uint8Array(200), rtcp, 7), -1);
  assert.equal(sender.refused, 3);
});

forEachProfile(
  "B37: an outgoing SSRC that is removed is remembered no longer, incoming ones are as long as their peer",
  (profile) => {
    const { sender, receiver } = srtpPair(profile);
    for (let ssrc = 1; ssrc <= 10; ssrc++) {
      assert.ok(unprotectRtp(receiver, protectRtp(sender, plainRtp(1, ssrc))));
      assert.ok(unprotectRtcp(receiver, protectRtcp(sender, rtcpBytes(ssrc))));
    }
    assert.deepEqual([sender.ssrcCount, receiver.ssrcCount], [10, 20]);
    for (let ssrc = 1; ssrc <= 10; ssrc++) sender.removeStream(ssrc);
    assert.deepEqual([sender.ssrcCount, receiver.ssrcCount], [0, 20]);
  },
);

forEachProfile("B38: garbage of 0 to 40 bytes is dropped, whatever it begins with", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  let dropped = 0;
  for (let length = 0; length <= 40; length++) {
    for (const first of [0x00, 0x80, 0x8f, 0x90, 0x9f, 0xff]) {
      const bytes = bytesOf(length, first);
      assert.equal(receiver.unprotectRtp(bytes, length), -1);
      assert.equal(receiver.unprotectRtcp(bytes, length), -1);
      assert.equal(receiver.unprotectRtp(bytes, length + 40), -1, "longer than its buffer");
      assert.equal(receiver.unprotectRtcp(bytes, length + 40), -1, "longer than its buffer");
      dropped += 4;
    }
  }
  assert.equal(receiver.tooShort + receiver.wrongTag, dropped);
  assert.ok(receiver.tooShort > dropped / 2);
  assert.ok(unprotectRtp(receiver, protectRtp(sender, plainRtp(1))));
});

forEachProfile("B38: no mutation of a datagram passes, or keeps the true one from passing", (profile) => {
  const { sender, receiver } = srtpPair(profile);
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at: fc.nat(199), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat(199), value: fc.constant(0) }),
    fc.record({ kind: fc.constant("insert" as const), at: fc.nat(199), value: fc.nat(255) }),
  );
  let sequenceNumber = 0;
  // A failure prints the seed; fc.assert takes it back as an option.
  fc.assert(fc.property(fc.boolean(), fc.array(mutation, { minLength: 1, maxLength: 6 }), (rtcp, mutations) => {
    sequenceNumber = sequenceNumber + 1 & 0xffff;
    const plain = rtcp ? rtcpBytes(SSRC) : plainRtp(sequenceNumber);
    const datagram = rtcp ? protectRtcp(sender, plain) : protectRtp(sender, plain);
    const unprotect = rtcp ? unprotectRtcp : unprotectRtp;
    const bytes = [...datagram];
    for (const { kind, at, value } of mutations) {
      bytes.splice(at, kind === "insert" ? 0 : 1, ...(kind === "cut" ? [] : [value]));
    }
    const forged = new Uint8Array(bytes);
    if (forged.toHex() !== datagram.toHex()) assert.equal(unprotect(receiver, forged), undefined);
    assert.deepEqual(unprotect(receiver, datagram), plain);
  }));
});
