import type { ProjectFile } from "./repository.ts";
import { lineAt, scan } from "./source_text.ts";

/** One static import, re-export, type import or dynamic import. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** `from "x"`, `import "x"`, `import("x")` in code whose strings are blanked; the gap is the specifier. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'`])( *)\1/dg;
const COMPUTED_IMPORT = /\bimport\s*\(\s*(?!["'`\s])|\bimport\s*\(\s*`[^`]*\$\{/g;

export function importsOf({ text }: ProjectFile): Import[] {
  const { code } = scan(text);
  return [...code.matchAll(IMPORT)].flatMap(({ indices }) => {
    const range = indices?.[2];
    return range === undefined ? [] : [{ specifier: text.slice(...range), line: lineAt(text, range[0]) }];
  });
}

/** Imports whose specifier only shows at run time: no test can follow them. */
export function computedImports({ path, text }: ProjectFile): string[] {
  return [...scan(text).code.matchAll(COMPUTED_IMPORT)].map(({ index }) =>
    `${path}:${lineAt(text, index)}: a computed import cannot be checked`
  );
}

/** The path of the file that a relative specifier names; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
