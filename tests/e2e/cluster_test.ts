import { strictEqual } from "node:assert/strict";
import type { Browser } from "../harness/browser.ts";
import { brokerPermissions, brokerProgram, BrokerServer } from "../harness/broker_server.ts";
import { startChromium } from "../harness/chromium.ts";
import { MEETING_PERMISSIONS, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { isMissing } from "../harness/missing_program.ts";
import { RoomPage } from "../harness/room_page.ts";
import { ServerProcess } from "../harness/server.ts";
import { TcpProxy } from "../harness/tcp_proxy.ts";
import { watchMedia } from "../harness/watch_media.ts";

const OF_BROKER = brokerPermissions("nats");
const PERMISSIONS = {
  ...MEETING_PERMISSIONS,
  run: [...MEETING_PERMISSIONS.run, ...OF_BROKER.run],
  read: [...MEETING_PERMISSIONS.read, ...OF_BROKER.read],
  write: [...MEETING_PERMISSIONS.write, ...OF_BROKER.write],
  net: [...MEETING_PERMISSIONS.net, ...OF_BROKER.net],
} satisfies Deno.PermissionOptionsObject;
const IGNORE = WITHOUT_CHROMIUM || isMissing(brokerProgram("nats"));

interface Scene {
  readonly servers: readonly ServerProcess[];
  readonly chromium: Browser;
}

/** Servers that share rooms, each a process, and a browser. */
async function withServers(count: number, flags: readonly string[], test: (scene: Scene) => Promise<void>) {
  await using broker = await BrokerServer.start("nats");
  const servers: ServerProcess[] = [];
  try {
    for (let i = 0; i < count; i++) {
      servers.push(await ServerProcess.start({ flags: [`--bus=${broker.url()}`, ...flags], log: "switchboard=info" }));
    }
    await using chromium = await startChromium();
    await test({ servers, chromium });
  } catch (error) {
    throw new Error(servers.map(({ log }) => `a server wrote:\n${log}`).join("\n"), { cause: error });
  } finally {
    for (const server of servers) if (server.running) await server.stop();
  }
}

Deno.test({
  name: "B444: people on three servers see and hear each other, each picture going on",
  ignore: IGNORE,
  permissions: PERMISSIONS,
  fn: () =>
    withServers(3, [], async ({ servers, chromium }) => {
      const people: RoomPage[] = [];
      for (const [i, { url }] of servers.entries()) people.push(await RoomPage.join(chromium, url, `Person ${i}`));
      await Promise.all(people.map((person) => person.waitForOthers(people.length - 1)));
      await watchMedia(people);
    }),
});

Deno.test({
  name:
    "P117, B451: who is on a server that is stopped goes on at another one, seen and heard, and the server ends early",
  ignore: IGNORE,
  permissions: PERMISSIONS,
  fn: () =>
    withServers(2, ["--drain=120s"], async ({ servers: [first, second], chromium }) => {
      await using balancer = new TcpProxy(first.port);
      const ada = await RoomPage.join(chromium, `http://localhost:${balancer.port}`, "Ada");
      const ben = await RoomPage.join(chromium, second.url, "Ben");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      const before = await ada.peerId();
      balancer.turnTo(second.port);
      const stopped = first.stop(60_000);
      await ben.waitForGhost(before);
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      strictEqual(await ada.peerId() === before, false);
      strictEqual(await stopped, 0);
      strictEqual((await second.health()).peers, 2);
    }),
});

Deno.test({
  name: "P118: who is on a server that is killed goes on at another one, seen and heard",
  ignore: IGNORE,
  permissions: PERMISSIONS,
  fn: () =>
    withServers(2, [], async ({ servers: [first, second], chromium }) => {
      await using balancer = new TcpProxy(first.port);
      const ada = await RoomPage.join(chromium, `http://localhost:${balancer.port}`, "Ada");
      const ben = await RoomPage.join(chromium, second.url, "Ben");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      const before = await ada.peerId();
      balancer.turnTo(second.port);
      await first.crash();
      await ben.waitForGhost(before);
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      strictEqual((await second.health()).peers, 2);
    }),
});
