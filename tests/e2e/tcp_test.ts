import { match, strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { MEDIA_SETUPS } from "../harness/server.ts";
import { useTcpOnly } from "../harness/tcp_only.ts";
import { watchMedia } from "../harness/watch_media.ts";

/** Deno's connections stay in the isolate that accepted them: portable media workers have none. */
const WITH_TCP = MEDIA_SETUPS.filter(({ task, flags }) =>
  task === "start" || !flags?.some((flag) => flag.startsWith("--workers"))
);

for (const setup of WITH_TCP) {
  Deno.test({
    name: `B190, P63: two people who reach the server by TCP alone see and hear each other (${setup.name})`,
    ignore: WITHOUT_CHROMIUM || setup.ignore,
    permissions: MEETING_PERMISSIONS,
    fn: () =>
      withMeeting(
        async ({ server, chromium }) => {
          const join = (name: string) => RoomPage.join(chromium, server.url, name, { prepare: useTcpOnly });
          const people = [await join("Ada"), await join("Ben")];
          await Promise.all(people.map((person) => person.waitForOthers(1)));
          await watchMedia(people);
          match(server.log, /goes to \S+ by tcp[^]*goes to \S+ by tcp/);
          strictEqual(server.log.includes(" by udp"), false);
        },
        undefined,
        { ...setup, flags: [...setup.flags ?? [], "--tcp-port=0"] },
      ),
  });
}
