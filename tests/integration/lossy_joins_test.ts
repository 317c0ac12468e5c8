import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createPortableDtls } from "../../src/io/portable/dtls.ts";
import type { OpenedDtls } from "../harness/dtls_backend.ts";
import { LIBSSL_TITLE, openNativeDtls, testLibssl, WITH_LIBSSL } from "../harness/native_dtls.ts";
import { openOpenSslClients } from "../../src/load/openssl_client.ts";
import { PATH_DEMANDS, type PathDemand } from "../harness/path_demands.ts";
import { SimulatedCall, type SimulatedDtls } from "../harness/simulated_call.ts";

const JOINS = 200;
/** They have one room and one publisher, and do not notice each other otherwise. */
const JOINS_OF_A_CALL = 20;
/** From one join to the next: their datagrams mix as those of strangers do. */
const INTERVAL_MS = 7;

const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const BACKENDS: readonly { readonly name: string; readonly open: () => OpenedDtls }[] = [
  { name: "portable", open: () => ({ factory: createPortableDtls(CERTIFICATE), close() {} }) },
  { name: LIBSSL_TITLE, open: () => openNativeDtls(CERTIFICATE) },
];

/** From each join to the first sound of the publisher, in milliseconds; Infinity where there is none in time. */
function joinOver({ link, withinMs }: PathDemand, dtls: SimulatedDtls): number[] {
  const seeds = Array.from({ length: JOINS / JOINS_OF_A_CALL }, (_, index) => index + 1);
  return seeds.flatMap((seed) => {
    const call = new SimulatedCall(seed, {}, dtls);
    const publisher = call.join();
    const sound = publisher.publishAudio();
    call.advance(1_000);
    const guests = Array.from({ length: JOINS_OF_A_CALL }, () => {
      call.advance(INTERVAL_MS);
      return call.join({ up: link, down: link });
    });
    call.advance(withinMs);
    const times = guests.map((guest) => (guest.received(sound).arrivals.at(0)?.atMs ?? Infinity) - guest.joinedMs);
    for (const peer of [publisher, ...guests]) peer.leave();
    return times;
  });
}

for (const { name, open } of BACKENDS) {
  for (const path of PATH_DEMANDS) {
    const least = path.share * JOINS;
    Deno.test({
      name: `B220: DTLS ${name}: of ${JOINS} who join over ${path.name}, ` +
        `${least} hear the publisher within ${path.withinMs} ms`,
      permissions: WITH_LIBSSL.permissions,
      ignore: WITH_LIBSSL.ignore,
      fn() {
        const opened = open();
        const client = openOpenSslClients(testLibssl());
        try {
          const times = joinOver(path, { server: opened.factory, client });
          assert.equal(times.length, JOINS);
          const inTime = times.filter((timeMs) => timeMs <= path.withinMs).length;
          const slowest = times.toSorted((a, b) => b - a).slice(0, 5);
          assert.ok(inTime >= least, `${inTime} in time, the slowest after ${slowest.join(", ")} ms`);
        } finally {
          client.close();
          opened.close();
        }
      },
    });
  }
}
