/** What a binary is made for, as users name it. */
export const TARGETS = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
  "windows-x64": "x86_64-pc-windows-msvc",
} as const;

export type Target = keyof typeof TARGETS;

export const ENTRY_POINT = "main.ts";

/**
 * What no import leads to: the page with the SDK, which is read as files, and the code of media workers, which is loaded
 * by its URL.
 */
const INCLUDED = ["static", "src/io/native/media_worker.ts", "src/io/portable/media_worker.ts"];

export function isTarget(word: string): word is Target {
  return Object.hasOwn(TARGETS, word);
}

export function targetOf({ os, arch }: Pick<typeof Deno.build, "os" | "arch"> = Deno.build): Target | undefined {
  const systems: Partial<Record<typeof Deno.build.os, string>> = {
    linux: "linux",
    darwin: "macos",
    windows: "windows",
  };
  const name = `${systems[os]}-${arch === "x86_64" ? "x64" : "arm64"}`;
  return isTarget(name) ? name : undefined;
}

/** Where the binary goes, from the root of the project. */
export function outputOf(target: Target): string {
  return `dist/switchboard-${target}${target.startsWith("windows") ? ".exe" : ""}`;
}

export interface CompileOptions {
  /** Where the binary goes; left out, where `outputOf` says. */
  readonly output?: string;
  /** Folders that are left out; see `foldersWithoutCode`. */
  readonly excluded: readonly string[];
}

/**
 * The arguments of Deno that make the binary. Its permissions and V8's flags are those of `startTask`, the task's line in
 * deno.json, but for two: it may read any file, since where certificates are, and where Deno lays out what is embedded,
 * is not known when it is made; and it may load libraries on Linux alone, where the native backend is.
 */
export function compileArguments(startTask: string, target: Target, options: CompileOptions): string[] {
  const { output = outputOf(target), excluded } = options;
  const words = startTask.split(/\s+/);
  if (words[0] !== "deno" || words[1] !== "run" || words.at(-1) !== ENTRY_POINT) {
    throw new Error(`the start task is not "deno run ... ${ENTRY_POINT}": ${startTask}`);
  }
  const flags = words.slice(2, -1)
    .filter((flag) => !flag.startsWith("--allow-ffi") || target.startsWith("linux"))
    .map((flag) => flag.startsWith("--allow-read") ? "--allow-read" : flag);
  const included = INCLUDED.map((path) => `--include=${path}`);
  const made = [`--target=${TARGETS[target]}`, `--output=${output}`];
  return [
    "compile",
    "--frozen",
    "--exclude-unused-npm",
    ...flags,
    ...included,
    "--exclude=static/**/*_test.*",
    ...excluded.map((path) => `--exclude=${path}`),
    ...made,
    ENTRY_POINT,
  ];
}
