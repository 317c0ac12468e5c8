import { strictEqual } from "node:assert/strict";
import { startChromium } from "../harness/chromium.ts";
import { startFirefox } from "../harness/firefox.ts";
import { withServer } from "../harness/meeting.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { MIXED_MEETING_PERMISSIONS, WITHOUT_EITHER } from "../harness/mixed_meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { metricsUrl, type ServerProcess, type ServerSetup } from "../harness/server.ts";
import { watchMedia } from "../harness/watch_media.ts";

/** Each peer of a room on another worker. */
const FLAGS = ["--workers=3", "--room-peers-per-worker=1", "--metrics-port=0"];
const WORKERS = 3;
/** Pictures and sound of two others for ten seconds are far more. */
const MIN_PACKETS = 500;

interface Setup extends ServerSetup {
  readonly name: string;
  readonly bus: string;
  /** In Chromium, besides one in Firefox: what a machine of two cores can show and encode as well. */
  readonly inChromium: number;
  readonly ignore: boolean;
}

const SETUPS: readonly Setup[] = [
  { name: "native", bus: "ring", inChromium: 2, task: "start", flags: FLAGS, ignore: Deno.build.os !== "linux" },
  {
    name: "portable",
    bus: "broadcast",
    inChromium: 1,
    task: "dev",
    flags: [...FLAGS, "--backend=portable"],
    ignore: false,
  },
];

/** Packets that have crossed from one worker to others, by worker and direction. */
async function crossed(server: ServerProcess, bus: string): Promise<number[]> {
  const samples = samplesOf(await (await fetch(metricsUrl(server))).text());
  return Array.from({ length: WORKERS }, (_, worker) => worker).flatMap((worker) =>
    ["received", "sent"].map((direction) =>
      samples.get(`switchboard_bus_packets_total{bus="${bus}",worker="${worker}",direction="${direction}"}`) ?? 0
    )
  );
}

for (const { name, bus, inChromium, ignore, ...setup } of SETUPS) {
  Deno.test({
    name: `B395: ${name}: people in Chromium and one in Firefox, each on a worker of its own, see and hear all`,
    ignore: ignore || WITHOUT_EITHER,
    permissions: MIXED_MEETING_PERMISSIONS,
    fn: () =>
      withServer(async (server) => {
        await using firefox = await startFirefox();
        await using chromium = await startChromium();
        const people: RoomPage[] = [];
        for (const [i, browser] of [firefox, ...Array(inChromium).fill(chromium)].entries()) {
          people.push(await RoomPage.join(browser, server.url, `Person ${i}`));
        }
        await Promise.all(people.map((person) => person.waitForOthers(people.length - 1)));
        await watchMedia(people);
        const packets = await crossed(server, bus);
        const busy = packets.filter((count) => count >= MIN_PACKETS).length;
        strictEqual(busy, 2 * people.length, `packets crossed: ${packets.join(", ")}`);
      }, setup),
  });
}
