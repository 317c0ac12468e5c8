import type { BusMedia } from "../../src/io/sharing.ts";
import { BROKER_KINDS, type BrokerKind, brokerPermissions, brokerProgram } from "../harness/broker_server.ts";
import { type FaultTimes, inRounds, IS_THOROUGH } from "../harness/fault_rounds.ts";
import { isMissing } from "../harness/missing_program.ts";
import { pause } from "../harness/pause.ts";
import { SERVER_PERMISSIONS } from "../harness/server.ts";
import { ServerCluster } from "../harness/server_cluster.ts";

const WAYS = ["direct", "broker"] as const;
/** Longer than a node may be silent. */
const AWAY_MS = 6000;
const STANDSTILL_MS = 10_000;
/** Within so long a client asks its server whether it is there (RFC 7675); without an answer for 30 s it sends nothing more. */
const CONSENT_MS = 7000;

interface Setups {
  readonly kinds?: readonly BrokerKind[];
  readonly ways?: readonly BusMedia[];
}

/** `setups` are those of every day: all are done where faults are done often. */
function test(
  fault: string,
  count: number,
  check: (cluster: ServerCluster, name: string) => Promise<void>,
  setups: Setups = {},
): void {
  const { kinds = BROKER_KINDS, ways = WAYS } = IS_THOROUGH ? {} : setups;
  for (const kind of kinds) {
    for (const media of ways) {
      const ofBroker = brokerPermissions(kind);
      const name = `${fault}; ${kind}, media: ${media}`;
      Deno.test({
        name,
        permissions: {
          ...ofBroker,
          run: [...SERVER_PERMISSIONS.run, ...ofBroker.run],
          read: [...SERVER_PERMISSIONS.read, ...ofBroker.read],
        },
        ignore: isMissing(brokerProgram(kind)),
        async fn() {
          await using cluster = await ServerCluster.start(kind, media, count);
          try {
            await check(cluster, name);
          } catch (cause) {
            throw new Error(cluster.log, { cause });
          }
        },
      });
    }
  }
}

test("B444: three processes share a room, and what one of them is sent the others send on", 3, async (cluster) => {
  cluster.room.begin();
  await cluster.room.flow();
  await cluster.check();
});

test(
  "B448, B457: a process that is killed is gone within 5 s, with its peers and their tracks",
  3,
  (cluster, name) =>
    inRounds(name, async () => {
      cluster.room.begin();
      const killed = cluster.room.sites[cluster.room.sites.length - 1];
      const killedMs = performance.now();
      await cluster.kill(killed);
      for (const site of cluster.room.sites) await cluster.room.left(site, [killed]);
      const goneMs = performance.now() - killedMs;
      await cluster.room.flow();
      await cluster.check();
      await cluster.add();
      return { gone: goneMs };
    }),
  { ways: ["direct"] },
);

test(
  "B448, B457: a process that stands still for 10 s is one of them again within 5 s, without ghosts",
  2,
  (cluster, name) =>
    inRounds(name, async (before) => {
      if (before > 0) await cluster.room.flowFor(CONSENT_MS);
      const [first, second] = cluster.room.sites;
      cluster.room.begin();
      first.server.holdUp();
      const goesOn = pause(STANDSTILL_MS).then(() => first.server.goOn());
      try {
        await cluster.room.left(second, [first]);
      } finally {
        await goesOn;
      }
      const healed = await cluster.room.heal(performance.now(), { wasInterrupted: true });
      await cluster.check([[second, first]]);
      return { healed };
    }),
  { kinds: ["nats"] },
);

/**
 * All servers, or the first of them, are without the broker for a while. Who is reached directly stays, and is heard; others
 * are gone until it is back.
 */
async function loseBroker(
  cluster: ServerCluster,
  takeAway: () => Promise<void> | void,
  bringBack: () => Promise<void> | void,
): Promise<FaultTimes> {
  const [first, second] = cluster.room.sites;
  cluster.room.begin();
  await takeAway();
  if (cluster.media === "direct") await cluster.room.flowFor(AWAY_MS);
  else await cluster.room.parted([first], [second]);
  const late = await cluster.room.join(first);
  const backMs = performance.now();
  await bringBack();
  await cluster.room.hasCome(late, second);
  await late.leave();
  await cluster.room.hasGone(late, second);
  const healed = await cluster.room.heal(backMs);
  await cluster.check(cluster.media === "direct" ? [] : [[first, second], [second, first]]);
  return { healed };
}

test(
  "B445, B446, B453, B457: a broker is killed and started again",
  2,
  (cluster, name) =>
    inRounds(name, () => loseBroker(cluster, () => cluster.broker.kill(), () => cluster.broker.restart())),
);

test(
  "B445, B446, B453, B457: a broker stands still, and goes on",
  2,
  (cluster, name) =>
    inRounds(name, () => loseBroker(cluster, () => cluster.broker.holdUp(), () => cluster.broker.goOn())),
  { kinds: ["nats"] },
);

test(
  "B445, B453, B457: one server's way to the broker is cut, and is there again",
  2,
  (cluster, name) => inRounds(name, () => loseBroker(cluster, () => cluster.way.refuse(), () => cluster.way.restore())),
  { kinds: ["nats"] },
);

test(
  "B445, B453, B457: one server's way to the broker carries nothing for a while, and goes on",
  2,
  (cluster, name) => inRounds(name, () => loseBroker(cluster, () => cluster.way.holdUp(), () => cluster.way.goOn())),
  { kinds: ["redis"] },
);
