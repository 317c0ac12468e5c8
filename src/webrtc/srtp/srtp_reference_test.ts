import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RtpHeader, SrtcpSession, SrtpSession } from "werift";
import {
  bytesOf,
  masterKeys,
  PROFILES,
  protectRtcp,
  protectRtp,
  rtcpBytes,
  unprotectRtcp,
  unprotectRtp,
} from "../../../tests/harness/srtp_packets.ts";
import { rtpBytes } from "../../../tests/harness/rtp_packets.ts";
import { portableCiphers } from "../../io/portable/cipher.ts";
import type { SrtpKeys } from "../dtls.ts";
import { SRTP_PROFILES, type SrtpProfile } from "./profile.ts";
import { SrtpReceiver, SrtpSender } from "./srtp_session.ts";

const SSRC = 0xdecafbad;
/** Sequence numbers as they arrive: over the roll-over, some of them late. */
const ROLL_OVER = [65533, 65535, 65534, 0, 2, 1, 3, 65532, 4];

/** Both ends of werift's sessions for one direction, which use the same keys. */
function werift(profile: SrtpProfile, { key, salt }: SrtpKeys) {
  const masterKey = Buffer.from(key);
  const masterSalt = Buffer.from(salt);
  const keys = {
    localMasterKey: masterKey,
    localMasterSalt: masterSalt,
    remoteMasterKey: masterKey,
    remoteMasterSalt: masterSalt,
  };
  const config = { keys, profile: SRTP_PROFILES[profile].id };
  return { srtp: new SrtpSession(config), srtcp: new SrtcpSession(config) };
}

function plainRtp(sequenceNumber: number, payloadLength: number): Uint8Array {
  return rtpBytes({
    sequenceNumber,
    timestamp: sequenceNumber * 3000,
    ssrc: SSRC,
    payloadType: 96,
    marker: sequenceNumber % 2 === 0,
    csrcs: sequenceNumber % 3 === 0 ? [1, 2] : [],
    extension: { profile: 0xbede, data: [0x10, 0x30, 0x22, 0x12, 0x34, 0, 0, 0] },
    payload: [...bytesOf(payloadLength, sequenceNumber)],
  });
}

/** werift has no AES-256. */
const WERIFT_PROFILES = PROFILES.filter((profile) => profile !== "SRTP_AEAD_AES_256_GCM");

for (const profile of WERIFT_PROFILES) {
  const keys = masterKeys(profile, 3);

  Deno.test({
    name: `werift opens the SRTP that we send, over a roll-over with late packets (${profile})`,
    permissions: "none",
    // werift leaves its ciphers open: it never calls final.
    sanitizeResources: false,
    fn() {
      const sender = new SrtpSender(profile, keys, portableCiphers);
      const { srtp } = werift(profile, keys);
      for (const [at, sequenceNumber] of ROLL_OVER.entries()) {
        const plain = plainRtp(sequenceNumber, at * 150);
        const opened = srtp.decrypt(Buffer.from(protectRtp(sender, plain)));
        assert.deepEqual(new Uint8Array(opened), plain, `${sequenceNumber}`);
      }
    },
  });

  Deno.test({
    name: `we open the SRTP that werift sends, over a roll-over with late packets (${profile})`,
    permissions: "none",
    // werift leaves its ciphers open: it never calls final.
    sanitizeResources: false,
    fn() {
      const receiver = new SrtpReceiver(profile, keys, portableCiphers);
      const { srtp } = werift(profile, keys);
      for (const [at, sequenceNumber] of ROLL_OVER.entries()) {
        const plain = plainRtp(sequenceNumber, at * 150);
        const header = RtpHeader.deSerialize(Buffer.from(plain));
        const payload = Buffer.from(plain.subarray(header.payloadOffset));
        const datagram = new Uint8Array(srtp.encrypt(payload, header));
        assert.deepEqual(unprotectRtp(receiver, datagram), plain, `${sequenceNumber}`);
      }
    },
  });

  Deno.test({
    name: `werift opens the SRTCP that we send (${profile})`,
    permissions: "none",
    // werift leaves its ciphers open: it never calls final.
    sanitizeResources: false,
    fn() {
      const sender = new SrtpSender(profile, keys, portableCiphers);
      const { srtcp } = werift(profile, keys);
      for (let packet = 0; packet < 20; packet++) {
        const plain = rtcpBytes(SSRC + packet % 3, packet * 10);
        const opened = srtcp.decrypt(Buffer.from(protectRtcp(sender, plain)));
        assert.deepEqual(new Uint8Array(opened), plain);
      }
    },
  });

  Deno.test({
    name: `we open the SRTCP that werift sends (${profile})`,
    permissions: "none",
    // werift leaves its ciphers open: it never calls final.
    sanitizeResources: false,
    fn() {
      const receiver = new SrtpReceiver(profile, keys, portableCiphers);
      const { srtcp } = werift(profile, keys);
      for (let packet = 0; packet < 20; packet++) {
        const plain = rtcpBytes(SSRC + packet % 3, packet * 10);
        const datagram = new Uint8Array(srtcp.encrypt(Buffer.from(plain)));
        assert.deepEqual(unprotectRtcp(receiver, datagram), plain);
      }
    },
  });
}
