import type { ProjectFile } from "./repository.ts";
import { lineAt } from "./source_text.ts";

/** A test that a page names: its file in backticks, and its name in quotes behind it, which may go over lines. */
const CITATION = /`((?:src|tests|static)\/[\w./-]+\.(?:ts|js))`\s+"([^"]+)"/g;
/** A list item that is not within another one, with all that belongs to it. */
const STATEMENT = /^- .*(?:\n(?:[ \t]+.*)?)*/gm;
/** What a template puts in is written as this. */
const PLACEHOLDER = "…";

/** Citations of tests that do not exist. `files` are the sources of the project. */
export function deadCitations(page: ProjectFile, files: readonly ProjectFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return [...page.text.matchAll(CITATION)].flatMap((match) => {
    const [, path, quoted] = match;
    const name = quoted.replace(/\s+/g, " ");
    const at = `${page.path}:${lineAt(page.text, match.index)}`;
    const text = texts.get(path);
    if (text === undefined) return [`${at}: ${path} does not exist`];
    return stringOf(name).test(text) ? [] : [`${at}: ${path} has no test "${name}"`];
  });
}

/** First-level list items without a citation, but for those under the headings `except`. */
export function uncited({ path, text }: ProjectFile, except: readonly string[]): string[] {
  const sections = text.split(/^(?=## )/m);
  let offset = 0;
  return sections.flatMap((section) => {
    const start = offset;
    offset += section.length;
    if (except.includes(/^## (.*)$/m.exec(section)?.[1] ?? "")) return [];
    return [...section.matchAll(STATEMENT)]
      .filter(([statement]) => statement.match(CITATION) === null)
      .map((match) => `${path}:${lineAt(text, start + match.index)}: no test shows this`);
  });
}

/** A string or template of this content, in source text. */
function stringOf(name: string): RegExp {
  const content = name.split(PLACEHOLDER).map(RegExp.escape).join("\\$\\{[^`]*?\\}");
  return new RegExp(`(["'\`])${content}\\1`);
}
