/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * The native backend with a media worker, in a thread that may lose its priority. Told `fail`, it has the media worker fail,
 * and answers once that is replaced whether this thread may take its priority back; told anything else, it closes.
 */
import "./mortal_media.ts";
import { systemClock } from "../../src/io/clock.ts";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createNativeBackend } from "../../src/io/native/backend.ts";
import { takePriority, yieldToOthers } from "../../src/io/native/priority.ts";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { openingOf } from "./media_setup.ts";
import { testLibc } from "./native_libc.ts";
import { seededRandom } from "./seeded_random.ts";
import { strike } from "./strike.ts";
import { threadId } from "./threads.ts";

const result = createNativeBackend({
  clock: systemClock,
  random: seededRandom(1),
  certificate: createCertificate(Date.UTC(2027, 0, 1)),
  dtls: keyedDtls(),
  ciphers: portableCiphers,
  workers: 1,
  roomPeersPerWorker: 100,
  yieldsToMedia: true,
  hostname: "127.0.0.1",
  udpPort: undefined,
  udpPorts: undefined,
  tcpPort: undefined,
});
if (!result.ok) throw new Error(result.reason);
const { backend } = result;
const { media } = backend;
const libc = testLibc();

/** Resolves once the media worker runs. */
async function running(): Promise<void> {
  while (media.obstacle("127.0.0.1") !== undefined) await new Promise((resolve) => setTimeout(resolve));
}

async function replaceWorker(): Promise<void> {
  await running();
  const ended = Promise.withResolvers<void>();
  const { port } = media.openPeer("127.0.0.1", openingOf(1), ({ type }) => type === "ended" && ended.resolve());
  await strike(port);
  await ended.promise;
  await running();
}

self.onmessage = async ({ data }) => {
  if (data === "fail") {
    await replaceWorker();
    const mayTake = takePriority(libc, 0);
    if (mayTake) yieldToOthers(libc);
    return self.postMessage(mayTake);
  }
  await backend.close();
  libc.close();
  self.postMessage(0);
  self.close();
};
self.postMessage(threadId());
