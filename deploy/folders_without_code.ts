import { ENTRY_POINT } from "./compile_arguments.ts";

/** A package that prom-client's come with, and its folder of numbers, a hundred thousand lines of them. */
const PACKAGE = "bintrees";
const FOLDER = "test";

/**
 * Folders among the packages that Deno has fetched for the project in `root`, in which Deno 2.9.6 takes numbers for code
 * when it compiles: its stack overflows.
 */
export async function foldersWithoutCode(root: URL): Promise<string[]> {
  await deno(["cache", "--frozen", ENTRY_POINT], root);
  const { npmCache } = JSON.parse(await deno(["info", "--json"], root));
  return namesIn(String(npmCache)).flatMap((registry) => {
    const versions = `${npmCache}/${registry}/${PACKAGE}`;
    return namesIn(versions).flatMap((version) =>
      namesIn(`${versions}/${version}`).includes(FOLDER) ? [`${versions}/${version}/${FOLDER}`] : []
    );
  });
}

async function deno(args: readonly string[], cwd: URL): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, stdin: "null", stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`deno ${args.join(" ")} has failed`);
  return new TextDecoder().decode(stdout);
}

/** Folders that are there; none where the folder itself is not. */
function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
