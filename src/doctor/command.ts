import { parseConfig } from "../server/config.ts";
import { SETTINGS } from "../server/config_schema.ts";
import { DOCTOR_FLAGS, splitDoctorArguments } from "./arguments.ts";
import { check } from "./checks/all.ts";
import { examine } from "./examine.ts";
import { reportJson, reportText } from "./report.ts";

/** Exit codes: a problem was found; the command was called wrongly. */
const PROBLEM = 1;
const USAGE_ERROR = 2;

export interface DoctorOutput {
  /** Takes what is for stdout. */
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  readonly colors: boolean;
}

/**
 * `main.ts doctor`: examines this machine, for a server of these settings, and the server where it runs. Resolves to the
 * exit code. Secrets are in nothing that it prints.
 */
export async function runDoctor(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { print, printError, colors }: DoctorOutput,
): Promise<number> {
  const refuse = (message: string) => {
    printError(`${message}\n`);
    return USAGE_ERROR;
  };
  const split = splitDoctorArguments(args);
  if (!split.ok) return refuse(split.message);
  const parsed = parseConfig(split.rest, env);
  if (!parsed.ok) return refuse(parsed.message);
  if (parsed.help) {
    print(helpText());
    return 0;
  }
  const findings = check(await examine(parsed.config, split.own));
  print(split.own.isJson ? reportJson(findings) : reportText(findings, { colors }));
  return findings.some(({ severity }) => severity === "problem") ? PROBLEM : 0;
}

function helpText(): string {
  const own = Object.entries(DOCTOR_FLAGS).map(([flag, meaning]) => `  ${flag}\n      ${meaning}`);
  return [
    "Looks for what keeps a server, or its clients, from working, and says what to do about it.",
    "",
    "Usage: deno task doctor [--key=value ...]",
    "",
    ...own,
    "  and all settings of the server, by flags or the environment, which it should have as the server has them:",
    `      ${SETTINGS.map(({ flag }) => flag).join(" ")}`,
    "",
    `Ends with ${PROBLEM} where there is a problem, with ${USAGE_ERROR} where it was called wrongly.`,
    "",
  ].join("\n");
}
