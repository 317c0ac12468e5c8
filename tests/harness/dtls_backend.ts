import type { DtlsFactory } from "../../src/webrtc/dtls.ts";
import { DtlsPair, type PairOptions } from "./dtls_pair.ts";

/** A DTLS backend that is open, for one test. */
export interface OpenedDtls {
  readonly factory: DtlsFactory;
  /** Called when all sessions are closed. */
  close(): void;
}

/** Declares a test of a backend that makes pairs. */
export type DtlsTest = (sentence: string, fn: (make: (options?: PairOptions) => DtlsPair) => Promise<void>) => void;

/** Runs a test with pairs of one backend, and closes them and it. */
export async function withPairs(
  open: () => OpenedDtls,
  fn: (make: (options?: PairOptions) => DtlsPair) => Promise<void>,
): Promise<void> {
  const { factory, close } = open();
  const pairs: DtlsPair[] = [];
  try {
    await fn((options) => {
      const pair = new DtlsPair(factory, options);
      pairs.push(pair);
      return pair;
    });
  } finally {
    for (const pair of pairs) pair.session.close();
    close();
  }
}
