import { SignJWT } from "jose";
import type { Config } from "../server/config_schema.ts";

const LIFETIME_SECONDS = 120;

/**
 * A token by the secret of the settings, to join one room for two minutes and publish nothing; undefined without a secret,
 * as keys of a key set are somebody else's. `nowMs` is Unix time.
 */
export async function ownToken(config: Config, room: string, nowMs: number): Promise<string | undefined> {
  const { authSecret, authIssuer, authAudience } = config;
  if (authSecret === undefined) return undefined;
  const claims = { iss: authIssuer, aud: authAudience, switchboard: { room, publish: [] } };
  const nowSeconds = Math.floor(nowMs / 1000);
  return await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + LIFETIME_SECONDS).sign(new TextEncoder().encode(authSecret));
}
