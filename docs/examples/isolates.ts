/**
 * Two isolates of one process, each a Switchboard on a port of its own, that share all rooms: who joins a room by one of
 * them sees and hears who joined it by the other.
 *
 *     deno run -A docs/examples/isolates.ts 3000
 */
import { createSwitchboard } from "../../src/mod.ts";

const NODES = 2;
const url = new URL(import.meta.url);
const node = Number(url.searchParams.get("node") ?? 0);
/** Of the first one; the others are behind it. 0 for any. */
const firstPort = Number(url.searchParams.get("port") ?? Deno.args[0] ?? 3000);

const switchboard = createSwitchboard({ sharedRooms: { node } });
Deno.serve({
  port: firstPort === 0 ? 0 : firstPort + node,
  onListen: ({ port }) => console.log(`node ${node} is at http://localhost:${port}`),
}, switchboard.fetch);

if (node === 0) {
  for (let other = 1; other < NODES; other++) {
    new Worker(new URL(`?node=${other}&port=${firstPort}`, url), { type: "module" });
  }
}
