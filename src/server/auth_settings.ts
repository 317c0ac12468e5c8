import type { AuthOptions } from "./auth_options.ts";
import type { Config } from "./config_schema.ts";

/** Whose tokens the settings ask for; undefined where they ask for none. */
export function authOptions({ authSecret, authJwks, authIssuer, authAudience }: Config): AuthOptions | undefined {
  if (authSecret === undefined && authJwks === undefined) return undefined;
  return {
    ...(authSecret !== undefined && { secret: authSecret }),
    ...(authJwks !== undefined && { jwks: authJwks }),
    ...(authIssuer !== undefined && { issuer: authIssuer }),
    ...(authAudience !== undefined && { audience: authAudience }),
  };
}
