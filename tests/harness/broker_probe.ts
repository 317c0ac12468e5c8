/** Says something to itself by the broker whose URL is the first argument, and ends: with 0 where that came. */
import { openBroker } from "../../src/bus/open_broker.ts";
import { systemClock } from "../../src/io/clock.ts";
import { cryptoRandom } from "../../src/io/random.ts";

const [url, caCertificate] = Deno.args;
const broker = await openBroker(new URL(url), {
  timers: systemClock,
  random: cryptoRandom,
  ...(caCertificate !== undefined && { caCertificate }),
});
const came = new Promise<void>((resolve) => broker.subscribe("room.a", () => resolve()));
if (!broker.publish("room.a", new Uint8Array(1))) Deno.exit(1);
await came;
await broker.close();
