import assert from "node:assert/strict";
import { DTLS_ALERT, keyedDtls } from "../../tests/harness/keyed_dtls.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { PeerCommand, PeerEvent, PeerEventHandler, PeerOpening } from "../media/messages.ts";
import { NoCapacityError } from "../media/no_capacity_error.ts";
import { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { MediaConnection } from "./media_connection.ts";

const ADDRESS = { hostname: "192.0.2.1", port: 4000 };

/** A connection whose media is written down, and what was told of it. */
function open(openMedia?: () => never) {
  const commands: PeerCommand["type"][] = [];
  const told: PeerEvent["type"][] = [];
  const failed: string[] = [];
  let opening: PeerOpening | undefined;
  let tell: PeerEventHandler = () => {};
  const connection = new MediaConnection({
    openMedia: openMedia ?? ((given, handleEvent) => {
      opening = given;
      tell = handleEvent;
      return { candidates: [], send: ({ type }) => void commands.push(type) };
    }),
    opening: { roomId: "room", peerId: "peer" },
    dtls: keyedDtls(),
    handshakes: new HandshakeLimit(),
    random: seededRandom(1),
    observer: {
      handleEvent: ({ type }) => told.push(type),
      connected: () => {},
      connectionFailed: (reason) => failed.push(reason),
    },
  });
  return { connection, opening, commands, told, failed, tell: (event: PeerEvent) => tell(event, 0) };
}

Deno.test({
  name: "its media begins with an SSRC and credentials of its own, which are those of its answers",
  permissions: "none",
  fn() {
    const { connection, opening } = open();
    assert.equal(opening?.ssrc, connection.ssrc);
    assert.equal(opening?.ice.ufrag, connection.connection.localUfrag);
    assert.deepEqual([opening?.roomId, opening?.peerId], ["room", "peer"]);
  },
});

Deno.test({
  name: "what its owner has use for is passed on; where media goes is known, and DTLS stays here",
  permissions: "none",
  fn() {
    const { connection, told, tell } = open();
    assert.equal(connection.remoteAddress, undefined);
    tell({ type: "addressSelected", address: ADDRESS });
    tell({ type: "dtlsReceived", bytes: DTLS_ALERT });
    tell({ type: "iceCredentialsUsed", ufrag: connection.connection.localUfrag });
    tell({ type: "bitrateExceeded" });
    assert.deepEqual(connection.remoteAddress, ADDRESS);
    assert.deepEqual(told, ["addressSelected", "bitrateExceeded"]);
  },
});

Deno.test({
  name: "P110, B44: it is given back once; nothing is sent afterwards, and nothing told but who speaks in the room",
  permissions: "none",
  fn() {
    const { connection, commands, told, failed, tell } = open();
    connection.send({ type: "attach" });
    connection.close();
    connection.close();
    connection.send({ type: "requestKeyFrames" });
    for (const reason of ["fault", "media-lost", "transport-failed"] as const) {
      tell({ type: "ended", reason, detail: "" });
    }
    tell({ type: "addressSelected", address: ADDRESS });
    tell({ type: "speakersChanged", speakers: { active: [] } });
    assert.deepEqual([commands, told, failed], [["attach", "close"], ["speakersChanged"], []]);
    assert.equal(connection.remoteAddress, undefined);
  },
});

Deno.test({
  name: "P61, P112: where no media can be had that is thrown",
  permissions: "none",
  fn() {
    assert.throws(() =>
      open(() => {
        throw new NoCapacityError();
      }), NoCapacityError);
  },
});
