import assert from "node:assert/strict";
import { MediaSource } from "../harness/media_source.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1", "[::1]"] };
const PACKETS = 50;
const LOOPBACKS = ["127.0.0.1", "::1"] as const;

/** The addresses of an answer's candidates. */
function candidateAddresses(answer: string): string[] {
  return [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) \d+ typ host/gim)].map((match) => match[1]);
}

/** Two clients, one of each family, in one room: each publishes to the other. */
async function call(signalingUrl: string): Promise<WeriftClient[]> {
  const clients: WeriftClient[] = [];
  try {
    const sources: MediaSource[] = [];
    for (const loopback of LOOPBACKS) {
      const client = await WeriftClient.join(signalingUrl, "room", { loopback });
      clients.push(client);
      sources.push(new MediaSource(client, client.publish("video")));
      await client.connect();
    }
    for (const [index, client] of clients.entries()) {
      const source = sources[1 - index];
      const subscription = client.subscribe("video");
      await client.negotiate();
      const stream = client.streamOf(subscription);
      await source.begin(stream);
      await source.flow(stream, PACKETS);
    }
    return clients;
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
}

/** A machine may have no IPv6. */
function lacksIpv6(): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 }).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return true;
  }
}

const LACKS_IPV6 = lacksIpv6();

for (const { name, ignore, flags = [], ...setup } of MEDIA_SETUPS) {
  for (
    const [addresses, hosts] of Object.entries({
      "all addresses": ["--host=::"],
      "both announced": ["--host=::", "--announce=127.0.0.1,::1"],
      "both named, HTTP on IPv4 alone": ["--host=127.0.0.1", "--media-host=127.0.0.1,::1"],
    })
  ) {
    Deno.test({
      name: `B207, B208: ${name}, ${addresses}: a client of IPv4 and one of IPv6 hear each other`,
      ignore: ignore || LACKS_IPV6,
      permissions: PERMISSIONS,
      async fn() {
        const server = await ServerProcess.start({ ...setup, flags: [...flags, ...hosts] });
        try {
          const [client] = await call(server.url.replace("http", "ws") + "/ws");
          const candidates = candidateAddresses(client.answer);
          for (const loopback of LOOPBACKS) assert.ok(candidates.includes(loopback), `${candidates}`);
          if (addresses !== "all addresses") assert.deepEqual(candidates, LOOPBACKS);
        } finally {
          assert.equal(await server.stop(), 0, server.log);
        }
      },
    });
  }
}
