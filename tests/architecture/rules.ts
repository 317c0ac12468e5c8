import { isTest, type ProjectFile } from "./repository.ts";
import { lineAt, scan } from "./source_text.ts";

/** A rule where a page defines it, or its number where a test name quotes it. */
export interface RuleMention {
  readonly number: string;
  /** `path:line`. */
  readonly at: string;
}

/** A list item that begins with a bold number and a dot. */
const DEFINITION = /^[ \t]*(?:[-*]|\d+\.)[ \t]+\*\*([PB]\d+)\.\*\*/gm;
/** Numbers at the start of a name, or behind another name: `P7: ...`, `portable: B12, B13: ...`; no hex pairs. */
const QUOTATION = /(?<![^\s])(?:[PB]\d+,\s*)*[PB]\d+:(?=\s)/g;

export function definedRules(pages: readonly ProjectFile[]): RuleMention[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(DEFINITION)].map((match) => ({ number: match[1], at: `${path}:${lineAt(text, match.index)}` }))
  );
}

/** Rule numbers in the strings of tests, and of the contract suites beside them. */
export function quotedRules(files: readonly ProjectFile[]): RuleMention[] {
  return files.filter(({ path }) => isTest(path) || path.startsWith("tests/")).flatMap(({ path, text }) =>
    scan(text).strings.flatMap((piece) =>
      (piece.text.match(QUOTATION) ?? []).flatMap((quotation) =>
        (quotation.match(/[PB]\d+/g) ?? []).map((number) => ({ number, at: `${path}:${lineAt(text, piece.offset)}` }))
      )
    )
  );
}

/** Rules that no test quotes, numbers that are no rule, and rules that stand twice. */
export function ruleViolations(pages: readonly ProjectFile[], files: readonly ProjectFile[]): string[] {
  const defined = definedRules(pages);
  const quoted = quotedRules(files);
  const places = new Map<string, string>();
  const violations: string[] = [];
  for (const { number, at } of defined) {
    const first = places.get(number);
    if (first === undefined) places.set(number, at);
    else violations.push(`${at}: ${number} is already defined at ${first}`);
  }
  const shown = new Set(quoted.map((mention) => mention.number));
  for (const [number, at] of places) if (!shown.has(number)) violations.push(`${at}: no test quotes ${number}`);
  for (const { number, at } of quoted) if (!places.has(number)) violations.push(`${at}: ${number} is no rule`);
  return violations;
}
