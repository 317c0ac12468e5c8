/**
 * `deno task compile [target ...]`: the server as one executable file in `dist/`, with the page, the SDK and all code in
 * it. For this machine where no target is named; `all` names each. Deno fetches the runtime for a target, denort, when
 * it first needs it; DENORT_BIN names one that is there.
 */
import { compileArguments, isTarget, outputOf, type Target, targetOf, TARGETS } from "./compile_arguments.ts";
import { foldersWithoutCode } from "./folders_without_code.ts";

const ROOT = new URL("../", import.meta.url);
const FAILED = 1;
const CALLED_WRONGLY = 2;

async function compile(target: Target): Promise<boolean> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const args = compileArguments(String(tasks.start), target, {
    excluded: await foldersWithoutCode(ROOT),
  });
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" }).spawn().status;
  if (!success) console.error(`${outputOf(target)} was not made`);
  return success;
}

/** The targets that the words name; a text that says what is wrong with them. */
function targetsOf(words: readonly string[]): readonly Target[] | string {
  const all = Object.keys(TARGETS).filter(isTarget);
  if (words.length === 1 && words[0] === "all") return all;
  const own = targetOf();
  if (words.length === 0) return own === undefined ? "There is no runtime for this machine: name a target" : [own];
  const unknown = words.find((word) => !isTarget(word));
  return unknown === undefined ? words.filter(isTarget) : `No target ${unknown}: expected ${all.join(", ")}, or all`;
}

async function main(): Promise<number> {
  const targets = targetsOf(Deno.args);
  if (typeof targets === "string") {
    console.error(targets);
    return CALLED_WRONGLY;
  }
  let made = true;
  for (const target of targets) made = await compile(target) && made;
  return made ? 0 : FAILED;
}

Deno.exit(await main());
