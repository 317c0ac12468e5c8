import assert from "node:assert/strict";
import { SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { JoinTrace } from "./join_trace.ts";
import type { SignalingSession } from "./session.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const ignored = () => {};
const NO_TRACE: JoinTrace = {
  opened: ignored,
  admitted: ignored,
  resumed: ignored,
  answered: ignored,
  addressSelected: ignored,
  connected: ignored,
  mediaStarted: ignored,
  ended: ignored,
};

test("B360: a WebSocket that is ended before its client joins is told to the trace by its reason", () => {
  const ends: [string, (session: SignalingSession) => void][] = [
    ["failed fault", (session) => session.fail()],
    ["left server-closing", (session) => session.shutDown()],
    ["refused refused", (session) => {
      for (let n = 0; n < 250; n++) session.handleMessage("{}", 0);
    }],
    ["refused join-timeout", (session) => session.handleDismissal("join-timeout")],
    ["left server-closing", (session) => session.handleDismissal("server-closing")],
    ["left leave", () => {}],
  ];
  for (const [told, end] of ends) {
    const room = new SignalingRoom(1);
    const ended: string[] = [];
    const client = room.connect(undefined, undefined, {
      ...NO_TRACE,
      ended: (outcome, code) => ended.push(`${outcome} ${code}`),
    });
    end(client.session);
    client.session.handleClose(1006);
    // Of each step the first one counts.
    assert.equal(ended[0], told);
  }
});
