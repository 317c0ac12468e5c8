import type { Finding, Severity } from "./finding.ts";

const MARKS: Readonly<Record<Severity, string>> = { ok: "ok     ", warning: "WARNING", problem: "PROBLEM" };
const COLORS: Readonly<Record<Severity, number>> = { ok: 32, warning: 33, problem: 31 };

/** For people: a line for each finding, with its fix below. */
export function reportText(findings: readonly Finding[], { colors }: { readonly colors: boolean }): string {
  const lines = findings.flatMap(({ severity, id, title, detail, fix }) => {
    const mark = colors ? `\x1b[${COLORS[severity]}m${MARKS[severity]}\x1b[0m` : MARKS[severity];
    return [
      `${mark}  ${title} (${id}): ${clean(detail)}`,
      ...(fix === undefined ? [] : [`         Fix: ${clean(fix)}.`]),
    ];
  });
  return [...lines, "", summary(findings), ""].join("\n");
}

/** For programs: an array of findings. */
export function reportJson(findings: readonly Finding[]): string {
  // JSON escapes some of what is cleaned, and leaves as it is what C1 and text that runs backwards do to a terminal.
  return `${JSON.stringify(findings, (_, value) => typeof value === "string" ? clean(value) : value, 2)}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems + warnings === 0) return `All is well: ${findings.length} checks passed.`;
  return `${words(problems, "problem")}, ${
    words(warnings, "warning")
  }, ${findings.length} checks. docs/doctor.md says more.`;
}

function words(count: number, what: string): string {
  return `${count || "no"} ${what}${count === 1 ? "" : "s"}`;
}

/** What a server says could send commands to the terminal. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}
