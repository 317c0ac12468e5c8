import assert from "node:assert/strict";
import { codes } from "../../tests/harness/session_steps.ts";
import { SignalingRoom } from "../../tests/harness/signaling_room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("P95, P96: all are told who speaks, who joins or comes back right behind its welcome, and before anybody spoke nobody", () => {
  const room = new SignalingRoom(1);
  const [one, two] = [room.join("Ada"), room.join("Ben")];
  const [id] = [one.participant?.peer.id ?? ""];
  one.take();
  const early = room.connect();
  assert.deepEqual(codes(early.say({ type: "join", roomId: "room" })), ["welcome"]);
  for (const client of [one, two]) client.take();
  const speakers = { dominant: id, active: [{ peerId: id, level: 0.25 }] };
  one.participant?.room.handleSpeakers(speakers);
  for (const client of [one, two, early]) assert.deepEqual(client.take(), [{ type: "speakers", ...speakers }]);
  const late = room.connect();
  const [welcome, told, ...rest] = late.say({ type: "join", roomId: "room" });
  assert.deepEqual([welcome.type, told, rest], ["welcome", { type: "speakers", ...speakers }, []]);
  const resume = welcome.type === "welcome" ? welcome.resume : "";
  const back = room.connect();
  assert.deepEqual(codes(back.say({ type: "join", roomId: "room", resume })), ["welcome", "speakers"]);
});
