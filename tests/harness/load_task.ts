import assert from "node:assert/strict";
import type { LoadResult } from "../../src/load/run.ts";

const ROOT = new URL("../../", import.meta.url);
const DENO = Deno.execPath();
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

/** What a test needs to run the task. */
export const LOAD_PERMISSIONS = {
  run: [DENO],
  read: [new URL("deno.json", ROOT), FOLDER],
  write: [FOLDER],
};

export interface LoadOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `deno task load` as deno.json has it, with its very permissions. */
export async function runLoadTask(args: readonly string[]): Promise<LoadOutput> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [, ...words] = String(tasks.load).split(/\s+/);
  const command = new Deno.Command(DENO, { args: [...words, ...args], cwd: ROOT, env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** What a run comes to that goes well. */
export async function loadResult(args: readonly string[]): Promise<LoadResult> {
  const file = await Deno.makeTempFile({ dir: FOLDER, suffix: ".json" });
  const { code, stderr } = await runLoadTask([...args, `--json=${file}`]);
  const text = await Deno.readTextFile(file);
  await Deno.remove(file);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(text);
}
