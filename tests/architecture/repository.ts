/** A file of the project: its path from the root, with slashes, and its text. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

export const REPOSITORY_ROOT = new URL("../../", import.meta.url);

/** What a test needs to read the project. */
export const READ_REPOSITORY: Deno.PermissionOptionsObject = { read: [REPOSITORY_ROOT] };

/** Not the project's own, or not text. */
const SKIPPED_FOLDERS = new Set([".git", "node_modules", "coverage", "dist", "certs"]);

/** The paths of all files in the project, in order. */
export function projectPaths(): string[] {
  return [...walk("")].sort();
}

/** The files whose path matches. */
export function readFiles(pattern: RegExp): ProjectFile[] {
  return projectPaths().filter((path) => pattern.test(path)).map((path) => ({ path, text: readText(path) }));
}

/** TypeScript and JavaScript of the project. */
export function readSources(): ProjectFile[] {
  return readFiles(/\.(?:ts|js)$/);
}

export function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, REPOSITORY_ROOT));
}

export function isTest(path: string): boolean {
  return /_test\.(?:ts|js)$/.test(path);
}

function* walk(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(`./${folder}`, REPOSITORY_ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isFile) yield path;
    if (entry.isDirectory && !SKIPPED_FOLDERS.has(entry.name)) yield* walk(`${path}/`);
  }
}
