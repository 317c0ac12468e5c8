import type { DtlsFactory } from "../../webrtc/dtls.ts";
import type { Clock } from "../clock.ts";

/** malloc_trim(3) of the C library; null where it has none. */
export type TrimHeap = ((padding: bigint) => number) | null;

/** Handshakes that leave holes worth a call: one of OpenSSL's takes 46 kB while it lasts. */
const MIN_HANDSHAKES = 16;
/** By then a burst is over, and V8 has let go of most of what it left. */
const DELAY_MS = 10_000;

export interface TrimmedDtls {
  readonly dtls: DtlsFactory;
  /** No trim happens any more. */
  close(): void;
}

/**
 * Gives the C heap's holes back to the system some time after a burst of handshakes: glibc keeps what lies below the
 * smallest piece that is in use, and most of what a joining peer needs is needed during its handshake alone. It takes 1
 * to 2 ms of this thread behind 100 handshakes. Where the C library cannot, `dtls` stays as it is.
 */
export function trimAfterBursts(dtls: DtlsFactory, clock: Clock, trim: TrimHeap): TrimmedDtls {
  if (trim === null) return { dtls, close() {} };
  let handshakes = 0;
  let timer: number | undefined;
  const { fingerprint } = dtls;
  return {
    dtls: {
      fingerprint,
      create(sink, nowMs) {
        if (++handshakes >= MIN_HANDSHAKES) {
          timer ??= clock.setTimeout(() => {
            handshakes = 0;
            timer = undefined;
            trim(0n);
          }, DELAY_MS);
        }
        return dtls.create(sink, nowMs);
      },
    },
    close() {
      if (timer !== undefined) clock.clearTimeout(timer);
    },
  };
}
