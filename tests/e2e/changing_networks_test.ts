import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  selectedPath,
  TWO_NETWORKS_PERMISSIONS,
  WITHOUT_TWO_NETWORKS,
  withTwoNetworks,
} from "../harness/two_networks_meeting.ts";

const FRAMES = 30;
/** The browser finds out after 5 s that media is lost, and then that its WebSocket is; the server keeps a peer for 30 s. */
const RECOVERY_MS = 30_000;

Deno.test({
  name: "B222: a call goes on when the browser's machine gets another address",
  ignore: WITHOUT_TWO_NETWORKS,
  permissions: TWO_NETWORKS_PERMISSIONS,
  fn: () =>
    withTwoNetworks(async (networks, join) => {
      const people = [await join("Ada"), await join("Ben")];
      for (const person of people) await person.waitForOthers(1);
      await networks.moveClient();
      for (const person of people) {
        const [{ framesDecoded }] = (await person.inbound()).filter(({ kind }) => kind === "video");
        await person.waitForFrames(framesDecoded + FRAMES, RECOVERY_MS);
        const { local } = await selectedPath(person);
        strictEqual(local, networks.clientAddress);
      }
    }),
});

Deno.test({
  name: "B223: two people on a machine from which UDP does not reach the server see and hear each other over TCP",
  ignore: WITHOUT_TWO_NETWORKS,
  permissions: TWO_NETWORKS_PERMISSIONS,
  fn: () =>
    withTwoNetworks(async (networks, join) => {
      await networks.blockUdp();
      const people = [await join("Ada"), await join("Ben")];
      const { serverAddress: remote, clientAddress: local } = networks;
      for (const person of people) {
        await person.waitForOthers(1);
        await person.waitForFrames(FRAMES);
        deepStrictEqual(await selectedPath(person), { protocol: "tcp", local, remote });
      }
    }, ["--tcp-port=0"]),
});
