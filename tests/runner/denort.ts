import type { Installer } from "./interop.ts";

/**
 * Whether `deno compile` can be used here: it fetches its runtime, denort, when it is first asked for. Where it cannot,
 * that is said, and the tests that need it are skipped. What it makes for the try is left in `folder`.
 */
export async function hasDenort(folder: string, { deno, print }: Pick<Installer, "deno" | "print">): Promise<boolean> {
  const made = await deno(["compile", "--quiet", "--no-check", "--output=denort-try", "data:text/javascript,"], folder);
  if (!made) {
    print("denort, the runtime of deno compile, is not to be had here, so the tests that need it are skipped.");
  }
  return made;
}
