/**
 * Microseconds to seal and to open a packet of 1200 bytes by each cipher library: `deno run -A bench/ciphers.ts`. All
 * libraries run in one run, each in a process of its own, in turns on one core; figures are medians.
 */
import { Child, denoScript } from "./child.ts";
import type { CipherStart, CipherWindow } from "./cipher_loop.ts";
import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../src/webrtc/srtp/profile.ts";

const LIBRARIES = ["BoringSSL", "GnuTLS", "OpenSSL", "portable"];
const CONTEXTS = [1, 400];
const WINDOWS = 15;
const CORE = 1;

interface Candidate {
  readonly name: string;
  readonly child: Child;
  readonly start: CipherStart;
  readonly windows: CipherWindow[];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

async function startCandidate(name: string, profile: SrtpProfile, contexts: number): Promise<Candidate> {
  const child = new Child(denoScript("cipher_loop.ts", [name, profile, `${contexts}`]), CORE);
  return { name, child, start: JSON.parse(await child.ask()), windows: [] };
}

async function bench(profile: SrtpProfile, contexts: number): Promise<void> {
  const candidates: Candidate[] = [];
  for (const name of LIBRARIES) candidates.push(await startCandidate(name, profile, contexts));
  const present = candidates.filter(({ start }) => start.missing === undefined);
  for (let window = 0; window < WINDOWS; window++) {
    for (const { child, windows } of present) windows.push(JSON.parse(await child.ask()));
  }
  console.log(`\n${profile}, ${contexts} context${contexts === 1 ? "" : "s"}`);
  const rows = present.map(({ name, start, windows }) => ({
    name,
    contextBytes: start.contextBytes ?? 0,
    seal: median(windows.map(({ seal }) => seal)),
    open: median(windows.map(({ open }) => open)),
  }));
  const fastest = Math.min(...rows.map(({ seal }) => seal));
  for (const { name, contextBytes, seal, open } of rows) {
    console.log(
      `  ${name.padEnd(10)} seal ${seal.toFixed(2)} us, open ${open.toFixed(2)} us; ` +
        `${(seal / fastest).toFixed(2)} x the fastest; ${Math.round(contextBytes)} bytes a context`,
    );
  }
  for (const { name, start } of candidates) if (start.missing) console.log(`  ${name.padEnd(10)} ${start.missing}`);
  for (const { child } of candidates) await child.end();
}

for (const profile of SRTP_PROFILE_PREFERENCE) {
  for (const contexts of CONTEXTS) await bench(profile, contexts);
}
