import { existsSync } from "node:fs";
import { isMissing } from "../harness/missing_program.ts";

/** The program to make namespaces with; the test runner gives the path that it found. */
export const UNSHARE = Deno.env.get("UNSHARE") || "unshare";

/** Whether this machine gives no namespaces with mounts of their own, or is no Debian: what is deployed there is skipped. */
export const CANNOT_DEPLOY = Deno.build.os !== "linux" || Deno.uid() !== 0 || isMissing("unshare") || !isDebian() ||
  !new Deno.Command(UNSHARE, { args: ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"] }).outputSync().success;

/** A word of a shell command. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The output of a program. Throws an Error that holds all that it wrote where it fails. */
export async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")}\n${text}${errors}`);
  return text;
}

/** Runs a script of sh(1), as root in namespaces of its own (flags of unshare(1)), to its end. */
export async function inNamespaces(flags: readonly string[], script: string): Promise<void> {
  await outputOf(UNSHARE, [...flags, "sh", "-euc", script]);
}

/** The one process that a process has begun; Deno itself reads nothing of /proc. */
export async function childOf(pid: number): Promise<number> {
  return Number(await outputOf("cat", [`/proc/${pid}/task/${pid}/children`]));
}

function isDebian(): boolean {
  return existsSync("/etc/debian_version");
}
