import { getLogger } from "@logtape/logtape";
import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { messageOf } from "../webrtc/error_message.ts";

const log = getLogger(["switchboard", "http"]);

/** Milliseconds in which the whole of the key set must have come. */
const TIMEOUT = 5_000;
/** Milliseconds for which a fetch that failed is not repeated, whoever asks. */
const FAILURE_COOLDOWN = 5_000;
/** Milliseconds after a fetch in which an unknown key id does not cause another one. */
const COOLDOWN = 30_000;
/** Milliseconds after which keys are fetched again: one that was taken out counts no longer. */
const MAX_AGE = 600_000;
/** A key is some 500 bytes. */
const MAX_BYTES = 256 * 1024;

/** What of a JWK Set (RFC 7517 section 5) is needed to look for a key in it. */
const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** The keys cannot be had at present; the message says why. */
export class KeySetUnavailableError extends Error {
  override readonly name = "KeySetUnavailableError";
}

/**
 * The key that a token names, from a JWK Set behind a URL. Keys are kept for ten minutes and fetched when they are first
 * needed; an unknown key id fetches them anew (rule B237). Rejects with a KeySetUnavailableError where they cannot be had.
 */
export function remoteKeySet(url: URL, timeoutMs = TIMEOUT): JWTVerifyGetKey {
  let failure: { readonly atMs: number; readonly error: KeySetUnavailableError } | undefined;
  const fetchKeys: FetchImplementation = async (href, init) => {
    // Strangers' tokens ask as well: without this each would wait for a server that is down.
    if (failure !== undefined && Date.now() < failure.atMs + FAILURE_COOLDOWN) throw failure.error;
    try {
      const text = await readKeySet(await fetch(href, init));
      failure = undefined;
      return new Response(text);
    } catch (cause) {
      const error = new KeySetUnavailableError("the keys of tokens cannot be had", { cause });
      failure = { atMs: Date.now(), error };
      log.warn("tokens are refused, as their keys cannot be had: {reason}", { reason: messageOf(cause) });
      throw error;
    }
  };
  return createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cooldownDuration: COOLDOWN,
    cacheMaxAge: MAX_AGE,
    [customFetch]: fetchKeys,
  });
}

/** The text of a response that has a key set; an Error says what else it has. */
async function readKeySet(response: Response): Promise<string> {
  const text = response.status === 200 ? await readText(response) : await discard(response);
  const parsed = keySetSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new TypeError("the answer is no JWK Set");
  return text;
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BYTES) throw new TypeError(`the answer is over ${MAX_BYTES} bytes`);
  }
  return text;
}

async function discard(response: Response): Promise<never> {
  await response.body?.cancel();
  throw new TypeError(`the answer has status ${response.status}`);
}
