import assert from "node:assert/strict";
import { parseConfig } from "../../src/server/config.ts";
import type { ReadTextFile } from "../../src/server/certificate_files.ts";
import type { Config } from "../../src/server/config_schema.ts";

/** Settings that must be taken. */
export function accepted(args: string[], env: Record<string, string> = {}, read?: ReadTextFile): Config {
  const result = parseConfig(args, env, read);
  assert(result.ok && !result.help, result.ok ? "help" : result.message);
  return result.config;
}

/** Why settings that must be refused are. */
export function refused(args: string[], env: Record<string, string> = {}, read?: ReadTextFile): string {
  const result = parseConfig(args, env, read);
  assert(!result.ok, "accepted");
  return result.message;
}
