import { systemClock } from "../src/io/clock.ts";
import { classify } from "../src/webrtc/classify.ts";
import type { ClientDtls } from "../src/load/client_handshake.ts";
import { LossyPath } from "../tests/harness/lossy_path.ts";
import { buildOffer } from "../tests/harness/offer_builder.ts";
import type { PathDemand } from "../tests/harness/path_demands.ts";
import { SimulatedConnection } from "../tests/harness/simulated_connection.ts";
import { TestClient } from "../tests/harness/test_client.ts";
import { openHttpSession } from "../src/load/http_signaling.ts";
import { Reach } from "../src/load/reach.ts";
import type { Session } from "../src/load/session.ts";

const LOOPBACK = "127.0.0.1";

/** So many joins at once by WHEP over a path: the milliseconds of each; Infinity where it was not in time. */
export async function joinByOwnClients(
  dtls: ClientDtls,
  endpoint: string,
  demand: PathDemand,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<number[]> {
  await using path = new LossyPath(demand.link, seed);
  const lines = [{ mid: "0", kind: "audio", direction: "recvonly" }] as const;
  const offer = buildOffer(lines, {
    ufrag: "clie",
    password: "clientclientclientclient",
    fingerprint: dtls.fingerprint,
  });
  const join = async () => {
    const session = await openHttpSession(endpoint, offer, new Reach());
    const port = path.open(session.answer.candidates[0].port);
    const timeMs = await firstSound(dtls, session, port, demand.withinMs);
    await session.end();
    return timeMs;
  };
  return await Promise.all(Array.from({ length: count }, join));
}

/** Milliseconds from the answer to the first packet of RTP. */
async function firstSound(dtls: ClientDtls, session: Session, port: number, withinMs: number): Promise<number> {
  const startMs = performance.now();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  let sending: Promise<unknown> = Promise.resolve();
  const client = new TestClient((bytes) => {
    const datagram = bytes.slice();
    sending = sending.then(() => socket.send(datagram, { transport: "udp", hostname: LOOPBACK, port }));
  });
  const connection = new SimulatedConnection(client, systemClock, dtls, () => {});
  const timer = setTimeout(() => socket.close(), withinMs);
  connection.start(session.answer.remote);
  let timeMs = Infinity;
  for await (const [bytes] of socket) {
    const kind = classify(bytes, bytes.length);
    if (kind === "stun") connection.handleStun(bytes);
    if (kind === "dtls") connection.handleDtls(bytes);
    if (client.open(bytes)?.kind === "rtp") {
      timeMs = performance.now() - startMs;
      break;
    }
  }
  clearTimeout(timer);
  connection.stop();
  await sending;
  if (timeMs < Infinity) socket.close();
  return timeMs;
}
