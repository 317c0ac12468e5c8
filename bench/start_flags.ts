import v8 from "node:v8";
import config from "../deno.json" with { type: "json" };

/** Gives V8 in this process the flags of the task that starts a server. */
export function takeStartFlags(): void {
  for (const flag of /--v8-flags=(\S+)/.exec(config.tasks.start)?.[1].split(",") ?? []) v8.setFlagsFromString(flag);
}
