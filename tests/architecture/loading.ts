import { resolveImport } from "./imports.ts";
import type { ProjectFile } from "./repository.ts";
import { scan } from "./source_text.ts";

/** A static import or re-export that is there at run time, in code whose strings are blanked; the gap is the specifier. */
const STATIC_IMPORT = /\b(?:import|export)\s(?!\s*type\b)(?:[\w$*{},\s]*?\bfrom\s*)?(["'])( *)\1/dg;

/** What comes with a file as soon as it is loaded: files by their paths, and packages by their names. */
export function loadedWith(entry: string, files: readonly ProjectFile[]): ReadonlySet<string> {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const specifier of staticImports(texts.get(path) ?? "")) load(resolveImport(path, specifier) ?? specifier);
  };
  load(entry);
  return loaded;
}

function staticImports(text: string): string[] {
  return [...scan(text).code.matchAll(STATIC_IMPORT)].flatMap(({ indices }) => {
    const range = indices?.[2];
    return range === undefined ? [] : [text.slice(...range)];
  });
}
