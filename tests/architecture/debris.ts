import { isProduct, isPure } from "./layers.ts";
import { isTest, type ProjectFile } from "./repository.ts";
import { lineAt, type Piece, scan } from "./source_text.ts";

interface Debris {
  readonly pattern: RegExp;
  readonly problem: string;
}

const MAX_LINES = 400;
export const MAX_BYTES = 1_000_000;

const IN_CODE: readonly Debris[] = [
  { pattern: /(?<![.\w$])any\b(?!\s*[(=:])/g, problem: "the type any" },
  { pattern: /\bas\s+unknown\s+as\b/g, problem: "a cast through unknown" },
  { pattern: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g, problem: "an empty catch" },
  {
    pattern: /\.catch\(\s*(?:async\s*)?(?:\(\s*\w*\s*\)|\w+)\s*=>\s*(?:\{\s*\}|undefined|null|void 0)\s*\)/g,
    problem: "a rejection that nobody sees",
  },
];

const IN_COMMENTS: readonly Debris[] = [
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/g, problem: "a silenced type error" },
  { pattern: /[{<|,:]\s*any\s*(?=[}>|,[\]])/g, problem: "the type any" },
];

const IN_PRODUCT_CODE: readonly Debris[] = [
  { pattern: /\bconsole\s*\.\s*(?:log|debug|info|dir|table)\b/g, problem: "console output" },
];

const IN_ANY_TEXT: readonly Debris[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g, problem: "a note to self" },
  { pattern: /(?<![\w.~$-])\/(?:root|work)\/[\w.-]/g, problem: "a path of one machine" },
  {
    pattern: /\bhttps?:\/\/[^\s"'`)]*(?:registry|artifactory|nexus|verdaccio)/gi,
    problem: "the address of a registry",
  },
];

/** Left-overs in a text file of any kind, and in sources what silences errors or types. */
export function debris(file: ProjectFile): string[] {
  const whole = { text: file.text, offset: 0 };
  const found = findIn(file, [whole], IN_ANY_TEXT);
  return /\.(?:ts|js)$/.test(file.path) ? [...found, ...sourceDebris(file)] : found;
}

function sourceDebris(file: ProjectFile): string[] {
  const { code, comments } = scan(file.text);
  const whole = { text: code, offset: 0 };
  const lines = file.text.split("\n").length - 1;
  return [
    ...findIn(file, [whole], IN_CODE),
    ...findIn(file, comments, IN_COMMENTS),
    ...(isProduct(file.path) && file.path !== "main.ts" ? findIn(file, [whole], IN_PRODUCT_CODE) : []),
    ...(lines >= MAX_LINES ? [`${file.path}: ${lines} lines, ${MAX_LINES - 1} at most`] : []),
  ];
}

function findIn(file: ProjectFile, pieces: readonly Piece[], kinds: readonly Debris[]): string[] {
  return kinds.flatMap(({ pattern, problem }) =>
    pieces.flatMap(({ text, offset }) =>
      [...text.matchAll(pattern)].map(({ index }) => `${file.path}:${lineAt(file.text, offset + index)}: ${problem}`)
    )
  );
}

/** Whether a source declares a function or a class: types and constants alone need no test of their own. */
export function hasCode({ text }: ProjectFile): boolean {
  return /^\s*(?:export\s+)?(?:abstract\s+)?(?:function|class|const\s+\w+\s*=\s*\([^)]*\)[^=;]*=>)/m.test(
    scan(text).code,
  );
}

/** Files of the pure layers that have code and no test beside them. */
export function untested(files: readonly ProjectFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return files
    .filter((file) => isPure(file.path) && !isTest(file.path) && hasCode(file))
    .filter(({ path }) => !paths.has(path.replace(/\.ts$/, "_test.ts")))
    .map(({ path }) => `${path}: has no test beside it`);
}
