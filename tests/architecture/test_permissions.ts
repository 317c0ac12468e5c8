import type { ProjectFile } from "./repository.ts";
import { lineAt, scan } from "./source_text.ts";

const TEST = /\bDeno\s*\.\s*test\b(\s*\.\s*\w+)?\s*(\()?/g;

/** Tests that do not say in their own options what they may do, or that hide the others (`only`). */
export function permissionViolations(files: readonly ProjectFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const { code, strings } = scan(text);
    const inherited = strings
      .filter(({ text: value, offset }) => value === "inherit" && /permissions\s*:\s*.$/.test(code.slice(0, offset)))
      .map(({ offset }) => `${path}:${lineAt(text, offset)}: the test inherits permissions instead of declaring them`);
    const undeclared = [...code.matchAll(TEST)].flatMap((match) => {
      const problem = testProblem(code, match);
      return problem === undefined ? [] : [`${path}:${lineAt(text, match.index)}: ${problem}`];
    });
    return [...inherited, ...undeclared];
  });
}

function testProblem(code: string, { 0: call, 1: variant, 2: parenthesis, index }: RegExpMatchArray) {
  if (variant !== undefined) return `Deno.test${variant.replace(/\s/g, "")} is not for what is kept`;
  if (parenthesis === undefined) return "Deno.test is not called where it stands: this test cannot follow it";
  const options = ownOptions(code, (index ?? 0) + call.length);
  if (/\bonly\s*:/.test(options)) return "a test with only hides all others";
  if (!/\bpermissions\s*[:,}]/.test(options)) return "the test declares no permissions";
  return undefined;
}

/** The text of the options object at `start`, without what stands in inner brackets; empty where there is none. */
function ownOptions(code: string, start: number): string {
  let own = "";
  let depth = 0;
  for (let i = start; i < code.length; i++) {
    if ("([{".includes(code[i])) depth++;
    if (depth === 1) own += code[i];
    if (")]}".includes(code[i])) depth--;
    if (depth === 0 && /\S/.test(code[i])) break;
  }
  return own;
}
