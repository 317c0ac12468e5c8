import { deepStrictEqual } from "node:assert/strict";
import {
  selectedPath,
  TWO_NETWORKS_PERMISSIONS,
  WITHOUT_TWO_NETWORKS,
  withTwoNetworks,
} from "../harness/two_networks_meeting.ts";

const FRAMES = 30;

Deno.test({
  name: "B221: two people on another machine, whose browser knows no loopback candidates, see and hear each other",
  ignore: WITHOUT_TWO_NETWORKS,
  permissions: TWO_NETWORKS_PERMISSIONS,
  fn: () =>
    withTwoNetworks(async ({ serverAddress, clientAddress }, join) => {
      const people = [await join("Ada"), await join("Ben")];
      for (const person of people) {
        await person.waitForOthers(1);
        await person.waitForFrames(FRAMES);
        const path = await selectedPath(person);
        deepStrictEqual(path, { protocol: "udp", local: clientAddress, remote: serverAddress });
      }
    }),
});
