/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The native backend with a media worker, in a thread that may lose its priority. Told anything, it closes. */
import { systemClock } from "../../src/io/clock.ts";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createNativeBackend } from "../../src/io/native/backend.ts";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { seededRandom } from "./seeded_random.ts";
import { threadId } from "./threads.ts";

const result = createNativeBackend({
  clock: systemClock,
  random: seededRandom(1),
  certificate: createCertificate(Date.UTC(2027, 0, 1)),
  dtls: keyedDtls(),
  ciphers: portableCiphers,
  workers: 1,
  yieldsToMedia: true,
  hostname: "127.0.0.1",
  udpPort: undefined,
  udpPorts: undefined,
  tcpPort: undefined,
});
if (!result.ok) throw new Error(result.reason);
const { backend } = result;
self.onmessage = async () => {
  await backend.close();
  self.postMessage(0);
  self.close();
};
self.postMessage(threadId());
