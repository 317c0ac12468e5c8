import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { seededRandom } from "./seeded_random.ts";
import { type ProxyOptions, UdpProxy } from "./udp_proxy.ts";

const SEED = 768;
const LOOPBACK = { transport: "udp", hostname: "127.0.0.1" } as const;

/** A socket that sends and receives datagrams of one number each. */
class Client implements Disposable {
  readonly #socket = Deno.listenDatagram({ ...LOOPBACK, port: 0 });

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  async send(number: number, port: number): Promise<void> {
    await this.#socket.send(Uint8Array.of(number), { ...LOOPBACK, port });
  }

  async receive(): Promise<{ readonly number: number; readonly from: number }> {
    const [[number], from] = await this.#socket.receive();
    return { number, from: (from as Deno.NetAddr).port };
  }

  /** All numbers up to this one. */
  async receiveUntil(last: number): Promise<number[]> {
    const numbers: number[] = [];
    do numbers.push((await this.receive()).number); while (numbers.at(-1) !== last);
    return numbers;
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function withProxy(
  options: Omit<ProxyOptions, "random">,
  test: (proxy: UdpProxy, client: Client, server: Client) => Promise<void>,
): Promise<void> {
  using client = new Client();
  using server = new Client();
  await using proxy = new UdpProxy(server.port, { ...options, random: seededRandom(SEED) });
  await test(proxy, client, server);
}

Deno.test({
  name: "datagrams go through in both directions, in order, and each client has a port of its own at the server",
  permissions: { net: ["127.0.0.1"] },
  fn: () =>
    withProxy({}, async (proxy, client, server) => {
      using other = new Client();
      await client.send(1, proxy.port);
      const first = await server.receive();
      await other.send(2, proxy.port);
      const second = await server.receive();
      deepStrictEqual([first.number, second.number], [1, 2]);
      notStrictEqual(first.from, second.from);
      for (const number of numbers(50)) await server.send(number, number % 2 === 0 ? first.from : second.from);
      deepStrictEqual(await client.receiveUntil(48), numbers(50).filter((number) => number % 2 === 0));
      deepStrictEqual(await other.receiveUntil(49), numbers(50).filter((number) => number % 2 === 1));
      strictEqual((await proxy.flows).length, 2);
    }),
});

Deno.test({
  name: "links delay in real time, each direction by itself",
  permissions: { net: ["127.0.0.1"] },
  fn: () =>
    withProxy({ up: { delayMs: 40 }, down: { delayMs: 20 } }, async (proxy, client, server) => {
      const sentMs = performance.now();
      await client.send(1, proxy.port);
      const { from } = await server.receive();
      const turnedMs = performance.now();
      await server.send(2, from);
      await client.receive();
      ok(turnedMs - sentMs >= 39, `${turnedMs - sentMs} ms there`);
      ok(performance.now() - turnedMs >= 19, `${performance.now() - turnedMs} ms back`);
    }),
});

Deno.test({
  name: `links lose what their seed says, until the conditions change (seed ${SEED})`,
  permissions: { net: ["127.0.0.1"] },
  fn: () =>
    withProxy({ up: { loss: 0.5 } }, async (proxy, client, server) => {
      for (const number of numbers(200)) await client.send(number, proxy.port);
      // The proxy reads its socket in order: what comes after the change was sent after the others.
      while (proxy.flows.at(0)?.uplink.sent !== 200) await new Promise((resolve) => setImmediate(resolve));
      proxy.change({ up: { loss: 0 } });
      await client.send(255, proxy.port);
      const received = await server.receiveUntil(255);
      const [{ uplink }] = proxy.flows;
      strictEqual(received.length, uplink.delivered);
      strictEqual(uplink.delivered + uplink.lost, 201);
      ok(uplink.lost > 70 && uplink.lost < 130, `${uplink.lost} of 200`);
      deepStrictEqual(received, received.toSorted((a, b) => a - b));
    }),
});

Deno.test({
  name: "a proxy that is closed sends nothing more and leaves no timer, whatever is under way",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    using server = new Client();
    await withProxy({ up: { delayMs: 50_000, bandwidth: 10 } }, async (proxy, client) => {
      for (const number of numbers(20)) await client.send(number, proxy.port);
      while (proxy.flows.at(0)?.uplink.sent !== 20) await new Promise((resolve) => setImmediate(resolve));
    });
    await server.send(9, server.port);
    strictEqual((await server.receive()).number, 9);
  },
});
