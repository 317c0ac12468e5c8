import assert from "node:assert/strict";
import { withBrokerLog } from "../../tests/harness/broker_log.ts";
import { BusJournal, sendFrame } from "../../tests/harness/bus_journal.ts";
import { DatagramNetwork } from "../../tests/harness/datagram_network.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { DIRECT_TICK_MS } from "../bus/direct_bus.ts";
import { NodeKeyPair } from "../bus/direct_keys.ts";
import type { NodeId } from "../media/media_bus.ts";
import { DirectPath, type NodeAliases } from "./direct_path.ts";
import { portableCiphers } from "./portable/cipher.ts";

const ROOM = "room";
const TO_1 = 1 << 1;

/** Aliases as a test gives them. */
class Aliases implements NodeAliases {
  readonly own: string;
  readonly names = new Map<NodeId, string>();
  /** Who was heard, lately. */
  readonly heard: string[] = [];
  #release: (alias: NodeId, name: string) => void = () => {};

  constructor(own: string) {
    this.own = own;
  }

  nameOf(alias: NodeId): string | undefined {
    return this.names.get(alias);
  }

  aliasOf(name: string): NodeId | undefined {
    this.heard.push(name);
    return [...this.names].find(([, known]) => known === name)?.[0];
  }

  onRelease(handle: (alias: NodeId, name: string) => void): void {
    this.#release = handle;
  }

  release(alias: NodeId): void {
    const name = this.names.get(alias);
    this.names.delete(alias);
    if (name !== undefined) this.#release(alias, name);
  }
}

/** Nodes on one network; each is bound to the address that is its name. */
function setUp() {
  const network = new DatagramNetwork();
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const open = (address: string) => {
    const names = new Aliases(`name of ${address}`);
    const journal = new BusJournal();
    const reach = { addresses: [address], isCutOff: false };
    const path = new DirectPath({
      names,
      sockets: { openNodeSocket: (hostname, _port, handler) => network.open(hostname, handler), flush() {} },
      ciphers: portableCiphers,
      clock,
      random,
      hostname: address,
      port: 0,
      addresses: () => reach.addresses,
      isCutOff: () => reach.isCutOff,
      now: () => clock.now(),
    });
    path.bus.deliverTo(journal);
    return { path, names, journal, name: names.own, reach };
  };
  const advance = (ms: number) => {
    for (let left = ms; left > 0; left -= DIRECT_TICK_MS) {
      clock.advance(Math.min(left, DIRECT_TICK_MS));
      network.deliver();
    }
  };
  return { network, clock, open, advance };
}

type Node = ReturnType<ReturnType<typeof setUp>["open"]>;

/** Both have heard of each other, and share rooms. */
function introduce(a: Node, b: Node): void {
  a.names.names.set(1, b.name);
  b.names.names.set(1, a.name);
  a.path.handleAnnouncement(b.name, b.path.announcement);
  b.path.handleAnnouncement(a.name, a.path.announcement);
}

Deno.test({
  name: "B462: by their announcements two nodes have a path, and no datagram goes before there are rooms to share",
  permissions: "none",
  fn() {
    const { network, open, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    a.path.handleAnnouncement(b.name, b.path.announcement);
    b.path.handleAnnouncement(a.name, a.path.announcement);
    a.path.handleAnnouncement(a.name, a.path.announcement);
    advance(5000);
    assert.equal(network.sent.length, 0);
    a.names.names.set(1, b.name);
    b.names.names.set(1, a.name);
    advance(DIRECT_TICK_MS);
    assert.ok(a.path.isUp(b.name) && b.path.isUp(a.name));
    assert.ok(!a.path.isUp("another"));
    sendFrame(a.path.bus, ROOM, TO_1, "frame");
    a.path.bus.flush();
    network.deliver();
    assert.deepEqual(b.journal.textsOf(1), ["frame"]);
  },
});

Deno.test({
  name: "B462: who announces another key under a name that is known is not believed",
  permissions: "none",
  fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    const forged = b.path.announcement.replace(/"publicKey":"[^"]*"/, `"publicKey":"${new NodeKeyPair().publicKey}"`);
    assert.notEqual(forged, b.path.announcement);
    a.path.handleAnnouncement(b.name, forged.replace("192.0.2.2", "192.0.2.9"));
    network.sent.length = 0;
    advance(5000);
    assert.ok(a.path.isUp(b.name));
    assert.ok(network.sent.every(({ to }) => to !== "192.0.2.9"));
  },
});

Deno.test({
  name: "B469: what is no announcement, or one that is of no use here, changes nothing and is not tried at each tick",
  permissions: "none",
  fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    for (const text of ["", "{}", b.path.announcement.slice(1), `${b.path.announcement}}`]) {
      a.path.handleAnnouncement(b.name, text);
    }
    a.names.names.set(2, "of small order");
    const { publicKey } = new NodeKeyPair();
    a.path.handleAnnouncement(
      "of small order",
      b.path.announcement.replace(/"publicKey":"[^"]*"/, `"publicKey":"${"A".repeat(43)}"`),
    );
    a.names.names.set(3, "of no address");
    a.path.handleAnnouncement(
      "of no address",
      JSON.stringify({ version: 1, publicKey, port: 1, addresses: ["2001:db8::1"] }),
    );
    advance(5000);
    assert.ok(a.path.isUp(b.name));
    assert.deepEqual([a.path.bus.peer(2), a.path.bus.peer(3)], [undefined, undefined]);
    assert.ok(network.sent.every(({ to }) => to.startsWith("192.0.2.")));
  },
});

Deno.test({
  name: "B459: of a node whose announcement is of no use it is told once, and again when it says something else",
  permissions: "none",
  async fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    a.names.names.set(1, b.name);
    b.names.names.set(1, a.name);
    b.path.handleAnnouncement(a.name, a.path.announcement);
    const lines = await withBrokerLog(() => {
      for (const address of ["2001:db8::1", "2001:db8::2"]) {
        b.reach.addresses = [address];
        for (let i = 0; i < 100; i++) {
          a.path.handleAnnouncement(b.name, b.path.announcement);
          advance(DIRECT_TICK_MS);
        }
      }
      return Promise.resolve();
    });
    assert.equal(lines.length, 2);
    assert.match(lines[0], /^warning: node name of 192\.0\.2\.2 cannot be reached directly/);
    b.reach.addresses = ["192.0.2.2"];
    a.path.handleAnnouncement(b.name, b.path.announcement);
    network.deliver();
    assert.ok(a.path.isUp(b.name));
  },
});

Deno.test({
  name: "B466: a node that announces other addresses is reached there",
  permissions: "none",
  fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    b.reach.addresses = ["192.0.2.3", "192.0.2.2"];
    a.path.handleAnnouncement(b.name, b.path.announcement);
    network.sent.length = 0;
    advance(1000);
    assert.ok(network.sent.every(({ to }) => to === "192.0.2.2" || to === "192.0.2.1"), "what works stays");
    b.reach.addresses = ["192.0.2.3"];
    a.path.handleAnnouncement(b.name, b.path.announcement);
    network.sent.length = 0;
    advance(1000);
    assert.ok(network.sent.some(({ to }) => to === "192.0.2.3"));
  },
});

Deno.test({
  name:
    "B465: where one of two nodes is cut off from news both are known to each other as long as their datagrams come",
  permissions: "none",
  fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    const heardIn = (ms: number) => {
      for (const { names } of [a, b]) names.heard.length = 0;
      advance(ms);
      return [a.names.heard.length, b.names.heard.length];
    };
    assert.deepEqual(heardIn(120_000), [0, 0], "news are to tell of them");
    assert.ok(a.path.isUp(b.name));
    const ticks = 2000 / DIRECT_TICK_MS;
    a.reach.isCutOff = true;
    advance(DIRECT_TICK_MS);
    assert.deepEqual(heardIn(2000), [ticks, ticks]);
    assert.deepEqual(new Set(b.names.heard), new Set([a.name]));
    a.reach.isCutOff = false;
    advance(DIRECT_TICK_MS);
    assert.deepEqual(heardIn(2000), [0, 0]);
    a.reach.isCutOff = true;
    b.path.close();
    advance(5000);
    assert.deepEqual([heardIn(5000), a.path.isUp(b.name)], [[0, 0], false]);
  },
});

Deno.test({
  name: "B465: a node whose alias is released is let go of, and comes back by its announcement of before, for a minute",
  permissions: "none",
  fn() {
    const { open, network, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    a.names.release(1);
    assert.equal(a.path.isUp(b.name), false);
    advance(5000);
    a.names.names.set(2, b.name);
    advance(DIRECT_TICK_MS);
    assert.ok(a.path.bus.isUp(2) && a.path.isUp(b.name) && b.path.isUp(a.name));
    a.names.release(2);
    advance(61_000);
    a.names.names.set(1, b.name);
    advance(DIRECT_TICK_MS);
    assert.equal(a.path.isUp(b.name), false);
    a.path.handleAnnouncement(b.name, b.path.announcement);
    advance(DIRECT_TICK_MS);
    assert.ok(a.path.isUp(b.name));
  },
});

Deno.test({
  name: "B471: a path that is closed, be it by its bus, leaves no timer and no socket",
  permissions: "none",
  fn() {
    const { open, network, clock, advance } = setUp();
    const [a, b] = [open("192.0.2.1"), open("192.0.2.2")];
    introduce(a, b);
    network.deliver();
    a.path.close();
    b.path.bus.close();
    b.path.close();
    assert.equal(clock.pendingCount, 0);
    introduce(a, b);
    advance(5000);
    assert.deepEqual([a.path.isUp(b.name), a.path.bus.peer(1)], [false, undefined]);
  },
});
