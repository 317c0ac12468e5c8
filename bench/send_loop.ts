/**
 * The floor that `forward.ts` compares with: a loop that sends datagrams of the same size and does nothing else. Prints
 * the CPU microseconds a datagram for each line on stdin. Arguments: port, bytes a datagram, datagrams a round.
 */
import { cpuUsage } from "node:process";

const SENDS_AT_ONCE = 16;

const [port, size, count] = Deno.args.map(Number);
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
const datagram = new Uint8Array(size);

async function sendAll(): Promise<number> {
  const before = cpuUsage();
  for (let sent = 0; sent < count; sent += SENDS_AT_ONCE) {
    await Promise.all(Array.from({ length: SENDS_AT_ONCE }, () => socket.send(datagram, to)));
  }
  const { user, system } = cpuUsage(before);
  return (user + system) / count;
}

for await (const _line of Deno.stdin.readable) console.log(await sendAll());
