import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { type Announcement, type Condition, Membership } from "./membership.ts";
import { BEAT_MS, GONE_MS } from "./shared_room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const DELAY_MS = 2;
const TICK_MS = 25;

interface Site {
  readonly name: string;
  readonly membership: Membership;
  condition: Condition;
  /** What others have said of the way to them. */
  readonly heard: (string | undefined)[];
  /** It neither hears nor says anything: its process has ended, or stands still, or there is no way to it. */
  isAway: boolean;
}

class World {
  nowMs = 0;
  lossFraction = 0;
  readonly sites: Site[] = [];
  readonly #random;
  #onTheWay: { readonly to: Site; readonly announcement: Announcement; readonly atMs: number }[] = [];

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  open(name: string, region?: string): Site {
    const site: Site = {
      name,
      membership: new Membership({
        name,
        region,
        path: () => `way to ${name}`,
        heard: ({ path }, isNew) => {
          site.heard.push(path);
          if (isNew) site.membership.announce(site.condition, this.nowMs);
        },
        send: (announcement) => this.#send(site, announcement),
        nowMs: this.nowMs,
      }),
      condition: { peers: 0, load: 0, isDraining: false },
      heard: [],
      isAway: false,
    };
    this.sites.push(site);
    return site;
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs++) {
      const due = this.#onTheWay.filter(({ atMs }) => atMs <= this.nowMs);
      this.#onTheWay = this.#onTheWay.filter(({ atMs }) => atMs > this.nowMs);
      for (const { to, announcement } of due) {
        if (!to.isAway) to.membership.handleAnnouncement(structuredClone(announcement), this.nowMs);
      }
      if (this.nowMs % TICK_MS !== 0) continue;
      for (const { isAway, membership, condition } of this.sites) {
        if (!isAway) membership.handleTimeout(() => condition, this.nowMs);
      }
    }
  }

  #send(from: Site, announcement: Announcement): void {
    if (from.isAway) return;
    for (const to of this.sites) {
      if (this.#random.uint32() / 2 ** 32 < this.lossFraction) continue;
      this.#onTheWay.push({ to, announcement, atMs: this.nowMs + DELAY_MS });
    }
  }
}

const namesAt = ({ membership }: Site) => membership.members.map(({ name }) => name).sort();

test("B442: a node knows all others in a round trip, with load, region and the way there, and what changes", () => {
  const world = new World();
  const [a, b] = [world.open("a", "eu"), world.open("b")];
  b.condition = { peers: 7, load: 0.25, isDraining: false };
  world.run(10);
  const [ofA, ofB] = [{ peers: 0, load: 0, isDraining: false }, { peers: 7, load: 0.25, isDraining: false }];
  assert.deepEqual(a.membership.members, [{ name: "b", path: "way to b", ...ofB }]);
  assert.deepEqual(b.membership.members, [{ name: "a", region: "eu", path: "way to a", ...ofA }]);
  assert.deepEqual([new Set(a.heard), new Set(b.heard)], [new Set(["way to b"]), new Set(["way to a"])]);
  world.run(BEAT_MS / 2);
  const c = world.open("c");
  c.membership.announce(c.condition, world.nowMs);
  world.run(10);
  assert.deepEqual([namesAt(a), namesAt(b), namesAt(c)], [["b", "c"], ["a", "c"], ["a", "b"]]);
  b.condition = { peers: 6, load: 0.5, isDraining: true };
  b.membership.announce(b.condition, world.nowMs);
  world.run(10);
  assert.deepEqual(a.membership.members[0], { name: "b", path: "way to b", peers: 6, load: 0.5, isDraining: true });
});

test("B442: a node that ends is gone at once, and one that is silent within 5 s, wherever one or two words are lost", () => {
  const world = new World();
  const [a, b, c] = [world.open("a"), world.open("b"), world.open("c")];
  world.run(BEAT_MS + 10);
  c.membership.close();
  world.sites.splice(world.sites.indexOf(c), 1);
  world.run(10);
  assert.deepEqual(namesAt(a), ["b"]);
  world.lossFraction = 1;
  world.run(GONE_MS - BEAT_MS - TICK_MS);
  assert.deepEqual(namesAt(a), ["b"]);
  world.lossFraction = 0;
  world.run(BEAT_MS + TICK_MS);
  b.isAway = true;
  world.run(GONE_MS - BEAT_MS);
  assert.deepEqual(namesAt(a), ["b"]);
  world.run(5000 - (GONE_MS - BEAT_MS));
  assert.deepEqual(namesAt(a), []);
});

test("B442: a node that stood still for 10 s is known again, and knows the others, within 1.5 s", () => {
  const world = new World();
  const sites = [world.open("a"), world.open("b"), world.open("c")];
  world.run(BEAT_MS + 10);
  sites[0].isAway = true;
  world.run(10_000);
  assert.deepEqual(sites.map(namesAt), [["b", "c"], ["c"], ["b"]]);
  sites[0].isAway = false;
  world.run(TICK_MS);
  assert.deepEqual(namesAt(sites[0]), ["b", "c"], "it forgets nobody for what was said meanwhile");
  world.run(1500);
  assert.deepEqual(sites.map(namesAt), [["b", "c"], ["a", "c"], ["a", "b"]]);
});

test("B442: nodes between which nothing came agree again within 1.5 s of the end of that", () => {
  const seed = randomSeed();
  const world = new World(seed);
  const sites = Array.from({ length: 5 }, (_, i) => world.open(`node${i}`));
  world.lossFraction = 0.8;
  world.run(30_000);
  world.lossFraction = 0;
  world.run(1500);
  const names = sites.map(({ name }) => name);
  for (const site of sites) assert.deepEqual(namesAt(site), names.filter((name) => name !== site.name), `seed ${seed}`);
});

test("B442: who is silent is gone also where this node has reason to announce itself all the time", () => {
  const world = new World();
  const [a, b] = [world.open("a"), world.open("b")];
  world.run(BEAT_MS);
  b.isAway = true;
  for (let ms = 0; ms < GONE_MS + BEAT_MS; ms += BEAT_MS / 10) {
    world.run(BEAT_MS / 10);
    a.membership.announce(a.condition, world.nowMs);
  }
  assert.deepEqual(namesAt(a), []);
});

test("B442: what is no announcement changes nothing, nor does this node's own", () => {
  const sent: Announcement[] = [];
  const membership = new Membership({ name: "a", send: (announcement) => sent.push(announcement), nowMs: 0 });
  membership.announce({ peers: 1, load: 0, isDraining: false }, 0);
  const here = { type: "here", name: "b", peers: 1, load: 0, isDraining: false };
  const others = [null, 1, "text", [], {}, { type: "here" }, { ...here, name: "" }, { ...here, name: "x".repeat(65) }];
  for (
    const value of [...sent, ...others, { ...here, peers: -1 }, { ...here, load: NaN }, { ...here, region: 1 }, {
      type: "gone",
    }]
  ) membership.handleAnnouncement(value, 0);
  assert.deepEqual(membership.members, []);
  membership.handleAnnouncement({ ...here, more: 1 }, 0);
  assert.deepEqual(membership.members, [{ name: "b", peers: 1, load: 0, isDraining: false }]);
});
