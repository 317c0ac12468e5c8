/**
 * Leaves in deno.json only the packages that the sources below src/ import, as for the image: Deno fetches whatever is
 * there and in deno.lock, and what tests alone need is half of that. The versions in deno.lock stay.
 */

/** deno.json without the entries of its import map that no source imports. */
export function withImportsOf(configuration: string, sources: readonly string[]): string {
  const { imports, ...others } = JSON.parse(configuration);
  const used = Object.entries(imports).filter(([name]) => sources.some((source) => importsPackage(source, name)));
  return `${JSON.stringify({ ...others, imports: Object.fromEntries(used) }, null, 2)}\n`;
}

/** Whether a source imports the package, or a module of it. */
function importsPackage(source: string, name: string): boolean {
  return source.includes(`from "${name}"`) || source.includes(`from "${name}/`);
}

function* sourcesBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sourcesBelow(path);
    if (path.endsWith(".ts")) yield Deno.readTextFileSync(path);
  }
}

if (import.meta.main) {
  const configuration = Deno.readTextFileSync("deno.json");
  const sources = [Deno.readTextFileSync("main.ts"), ...sourcesBelow("src")];
  Deno.writeTextFileSync("deno.json", withImportsOf(configuration, sources));
}
