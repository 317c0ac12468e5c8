import type { ProjectFile } from "./repository.ts";
import { lineAt } from "./source_text.ts";

/** `[text](target)` and `![text](target)`. */
const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
/** A path of the project in backticks; names with globs, braces or placeholders are not looked up. */
const NAMED_FILE = /`((?:src|static|tests|docs|bench|\.ci)\/[\w./-]*|[\w-]+\.(?:ts|json|md|lock)|Dockerfile|LICENSE)`/g;

/** Links and file names in pages that lead nowhere. `paths` are all files of the project. */
export function deadLinks(pages: readonly ProjectFile[], paths: readonly string[]): string[] {
  const files = new Set(paths);
  const folders = new Set(paths.flatMap((path) => parents(path)));
  const exists = (path: string): boolean => files.has(path) || folders.has(path.replace(/\/$/, ""));
  const anchors = new Map(pages.map(({ path, text }) => [path, headingAnchors(text)]));

  return pages.flatMap(({ path, text }) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, (fence) => fence.replace(/[^\n]/g, " "));
    const links = [...prose.matchAll(LINK)].filter((match) => !/^[a-z]+:/i.test(match[1])).filter((match) => {
      const target = new URL(match[1], `file:///${path}`);
      const targetPath = decodeURIComponent(target.pathname.slice(1));
      if (!exists(targetPath)) return true;
      const known = anchors.get(targetPath);
      return target.hash !== "" && known !== undefined && !known.has(target.hash.slice(1));
    });
    const names = [...prose.matchAll(NAMED_FILE)].filter((match) => !exists(match[1]) && !nested(match[1], paths));
    return [...links, ...names].map((match) => `${path}:${lineAt(text, match.index)}: ${match[1]} does not exist`);
  });
}

/** A bare file name may stand for a file of that name in any folder. */
function nested(name: string, paths: readonly string[]): boolean {
  return !name.includes("/") && paths.some((path) => path.endsWith(`/${name}`));
}

function parents(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** The anchors that GitHub gives to headings. */
function headingAnchors(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+\s+(.*)$/gm)].map(([, heading]) =>
      heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

/** The cells of the first markdown table whose header row has these cells; padding does not count. */
export function tableRows(text: string, header: readonly string[]): string[][] {
  const rows: string[][] = [];
  for (const line of text.split("\n")) {
    const cells = line.trim().startsWith("|") ? cellsOf(line) : undefined;
    if (rows.length === 0 && cells?.join() !== header.join()) continue;
    if (cells === undefined) break;
    if (!cells.every((cell) => /^:?-+:?$/.test(cell))) rows.push(cells);
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
}
