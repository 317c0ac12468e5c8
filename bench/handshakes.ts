/**
 * Microseconds of the server for a DTLS handshake, by the portable implementation and by OpenSSL:
 * `deno run -A bench/handshakes.ts [handshakes]`. Both shake hands with werift's client, in turns in one process. Only the
 * calls of the server's session are measured; what they do they do at once.
 */
import { createCertificate } from "../src/io/dtls/certificate.ts";
import { createContext } from "../src/io/native/openssl_dtls_context.ts";
import { createOpenSslDtls } from "../src/io/native/openssl_dtls.ts";
import { openLibssl } from "../src/io/native/openssl_dtls_library.ts";
import { createPortableDtls } from "../src/io/portable/dtls.ts";
import type { DtlsFactory, DtlsSession } from "../src/webrtc/dtls.ts";
import { DtlsPair } from "../tests/harness/dtls_pair.ts";

const HANDSHAKES = 300;
/** Until V8 has compiled what runs often. */
const WARM_UP = 50;

const certificate = createCertificate(Date.now());

interface Candidate {
  readonly name: string;
  readonly factory: DtlsFactory;
  /** Of each handshake, in microseconds. */
  readonly times: number[];
}

/** A factory whose sessions tell how long each call of them took, in milliseconds. */
function timed(factory: DtlsFactory, note: (tookMs: number) => void): DtlsFactory {
  const time = <T>(call: () => T): T => {
    const start = performance.now();
    const result = call();
    note(performance.now() - start);
    return result;
  };
  const timedSession = (session: DtlsSession): DtlsSession => ({
    handleDatagram: (bytes, nowMs) => time(() => session.handleDatagram(bytes, nowMs)),
    handleTimeout: (nowMs) => time(() => session.handleTimeout(nowMs)),
    nextTimeout: () => session.nextTimeout(),
    close: () => time(() => session.close()),
  });
  return {
    fingerprint: factory.fingerprint,
    create: (sink, nowMs) => timedSession(time(() => factory.create(sink, nowMs))),
  };
}

async function shakeHands({ name, factory }: Candidate): Promise<number> {
  let spentMs = 0;
  const pair = new DtlsPair(timed(factory, (tookMs) => void (spentMs += tookMs)));
  await pair.connect();
  if (pair.connected.length !== 1) throw new Error(`${name} does not connect: ${pair.failed}`);
  pair.session.close();
  return spentMs * 1000;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))];
}

const opened = openLibssl();
if (!opened.ok) console.log(`OpenSSL's libssl: ${opened.reason}`);
const candidates: Candidate[] = [
  { name: "portable", factory: createPortableDtls(certificate), times: [] },
  ...opened.ok
    ? [{
      name: "OpenSSL",
      factory: createOpenSslDtls(createContext(opened.libssl, certificate), certificate),
      times: [],
    }]
    : [],
];

const handshakes = Number(Deno.args[0] ?? HANDSHAKES);
for (let turn = -WARM_UP; turn < handshakes; turn++) {
  for (const candidate of candidates) {
    const took = await shakeHands(candidate);
    if (turn >= 0) candidate.times.push(took);
  }
}
const [first] = candidates;
for (const { name, times } of candidates) {
  const median = quantile(times, 0.5);
  console.log(
    `${name.padEnd(10)} ${median.toFixed(0)} us a handshake, the slowest tenth over ${
      quantile(times, 0.9).toFixed(0)
    }; ` +
      `${(quantile(first.times, 0.5) / median).toFixed(1)} x as fast as the portable one`,
  );
}
