import assert from "node:assert/strict";
import { videoProducer } from "../../tests/harness/engine.ts";
import { fakePool, leaveAndClose, POOL_NOW_MS } from "../../tests/harness/fake_node_host.ts";
import { openingOf } from "../../tests/harness/media_setup.ts";
import type { HostedMedia } from "./media_host.ts";

function publish({ send }: HostedMedia, trackId: string, mid = "0"): void {
  send({ type: "publish", trackId, parameters: { ...videoProducer(), mid } });
}

Deno.test({
  name: "B395: a track is imported into the other hosts of its room behind its publication, and into no others",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(3, 1);
    const [publisher] = [open("a"), open("a")];
    open("b");
    publish(publisher, "t");
    assert.deepEqual(hosts.map(({ journal }) => journal), [["open", "publish"], ["open", "import t"], ["open"]]);
    const parameters = { ...videoProducer(), mid: "0" };
    const names = { roomId: "a", trackId: "t", peerId: openingOf(1).peerId };
    assert.deepEqual(hosts[1].relayed, [{ type: "import", ...names, from: 0, relay: 1, parameters }]);
    publisher.send({ type: "unpublish", mid: "0" });
    publisher.send({ type: "unpublish", mid: "0" });
    assert.deepEqual(hosts[1].relayed.slice(1), [{ type: "endImport", roomId: "a", trackId: "t" }]);
    assert.deepEqual(hosts[2].relayed, []);
  },
});

Deno.test({
  name: "B395: a host to which a room grows is told of all its tracks behind its first peer's open, and of none twice",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(3, 2);
    const [one, two] = [open("a"), open("a")];
    publish(one, "s");
    publish(two, "t");
    assert.deepEqual(hosts[0].relayed, [], "a room in one host has nothing to tell");
    const three = open("a");
    assert.deepEqual(hosts[1].journal, ["open", "import s", "import t"]);
    publish(three, "u");
    open("a");
    assert.deepEqual(hosts[1].journal, ["open", "import s", "import t", "publish", "open"]);
    open("a");
    assert.deepEqual(hosts[2].journal, ["open", "import s", "import t", "import u"]);
    assert.deepEqual(hosts[0].journal.slice(-1), ["import u"]);
    const relays = hosts[2].relayed.map((command) => command.type === "import" && command.relay);
    assert.deepEqual(relays, [1, 2, 3], "each track has one number, wherever it goes");
  },
});

Deno.test({
  name: "B395: what takes the m-line of a track ends it; so does the leave of its publisher, once",
  permissions: "none",
  fn() {
    const { hosts, open, pool } = fakePool(2, 1);
    const [publisher] = [open("a"), open("a")];
    publish(publisher, "s");
    publish(publisher, "t");
    publish(publisher, "u", "1");
    const { journal } = hosts[1];
    assert.deepEqual(journal.splice(0), ["open", "import s", "endImport s", "import t", "import u"]);
    leaveAndClose(publisher);
    assert.deepEqual(journal, ["endImport t", "endImport u"]);
    assert.deepEqual(pool.placed, { rooms: 1, tracks: 0 });
  },
});

Deno.test({
  name: "B395: a host whose first peer of a room came to nothing is told of the tracks again for those behind it",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(2, 1);
    const [publisher] = [open("a")];
    publish(publisher, "s");
    const first = open("a");
    hosts[0].failure = new Error("EMFILE");
    open("a");
    hosts[1].journal.length = 0;
    hosts[1].handlers[0]({ type: "ended", reason: "fault", detail: "epoll_ctl" }, POOL_NOW_MS);
    assert.deepEqual(hosts[1].journal, ["import s"]);
    assert.deepEqual(first.events, [{ type: "ended", reason: "fault", detail: "epoll_ctl" }]);
  },
});

Deno.test({
  name: "B396: of a host that has failed the others drop its node and its tracks, before its peers hear of their end",
  permissions: "none",
  fn() {
    const { hosts, open, pool, loads } = fakePool(3, 1);
    const [one, two, three] = [open("a"), open("a"), open("a")];
    publish(one, "s");
    publish(two, "t");
    publish(two, "u", "1");
    publish(three, "v");
    for (const { journal } of hosts) journal.length = 0;
    const heard: string[][] = [];
    two.events.push = () => heard.push(...hosts.map(({ journal }) => [...journal]));
    hosts[1].fail(POOL_NOW_MS);
    const ends = ["dropNode 1", "endImport t", "endImport u"];
    assert.deepEqual(heard, [ends, [], ends]);
    assert.deepEqual(one.events, []);
    assert.deepEqual(pool.placed, { rooms: 1, tracks: 2 });
    // They are left and closed all the same, and come back.
    for (const type of ["leave", "close"] as const) two.send({ type });
    publish(two, "w", "2");
    assert.deepEqual(hosts[0].journal, ends);
    hosts[1].socketCount = 0;
    hosts[1].journal.length = 0;
    open("a", 2);
    assert.deepEqual(hosts[1].journal, ["open", "import s", "import v"]);
    assert.deepEqual(loads(), [1, 1, 1]);
  },
});

Deno.test({
  name: "B396: of rooms that were in a host alone which has failed nothing is left",
  permissions: "none",
  fn() {
    const { hosts, open, pool } = fakePool(2);
    const peers = [open("a"), open("a")];
    publish(peers[0], "s");
    open("b");
    hosts[0].fail(POOL_NOW_MS);
    assert.deepEqual(pool.placed, { rooms: 1, tracks: 0 });
    for (const peer of peers) leaveAndClose(peer);
    assert.deepEqual(pool.placed, { rooms: 1, tracks: 0 });
  },
});

Deno.test({
  name: "B398: who speaks in a room of several hosts is told together, by one peer, where that is news",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(2, 1);
    const [one, two] = [open("a"), open("a")];
    const [id1, id2] = [1, 2].map((peer) => openingOf(peer).peerId);
    const first = { peerId: id1, level: 60 };
    const second = { peerId: id2, level: 70 };
    const tell = (host: number, dominant: string, ...active: readonly (typeof first)[]) =>
      hosts[host].handlers[0]({ type: "speakersChanged", speakers: { dominant, active } }, POOL_NOW_MS);
    tell(0, id1, first);
    assert.deepEqual(one.events.splice(0), [{ type: "speakersChanged", speakers: { dominant: id1, active: [first] } }]);
    tell(1, id1, second, { ...first, level: 1 });
    assert.deepEqual(two.events.splice(0), [
      { type: "speakersChanged", speakers: { dominant: id1, active: [first, second] } },
    ]);
    tell(0, id1, first, { ...second, level: 2 });
    hosts[1].fail(POOL_NOW_MS);
    assert.deepEqual(one.events, [{ type: "speakersChanged", speakers: { dominant: id1, active: [first] } }]);
    assert.deepEqual(two.events.map(({ type }) => type), ["ended"]);
  },
});

Deno.test({
  name:
    "B395: a host that has no peer of a room left is told of it no more; its imports end before its last peer closes",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(2, 1);
    const [publisher, guest] = [open("a"), open("a")];
    publish(publisher, "s");
    leaveAndClose(guest);
    assert.deepEqual(hosts[1].journal, ["open", "import s", "leave", "endImport s", "close"]);
    publish(publisher, "t", "1");
    guest.send({ type: "close" });
    assert.equal(hosts[1].relayed.length, 2);
    open("a");
    assert.deepEqual(hosts[1].journal.slice(-3), ["open", "import s", "import t"]);
  },
});

Deno.test({
  name: "B499: a track is muted in each host of its room, also where the room grows to a host later",
  permissions: "none",
  fn() {
    const { hosts, open } = fakePool(3, 1);
    const [publisher] = [open("a"), open("a")];
    publish(publisher, "t");
    publisher.send({ type: "mute", mid: "0", isMuted: true });
    publisher.send({ type: "mute", mid: "none", isMuted: true });
    assert.deepEqual(hosts[1].journal, ["open", "import t", "muteImport t"]);
    open("a");
    assert.deepEqual(hosts[2].relayed.at(-1), { type: "muteImport", roomId: "a", trackId: "t", isMuted: true });
    publisher.send({ type: "mute", mid: "0", isMuted: false });
    for (const host of hosts.slice(1)) {
      assert.deepEqual(host.relayed.at(-1), { type: "muteImport", roomId: "a", trackId: "t", isMuted: false });
    }
  },
});
