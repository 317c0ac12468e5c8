/** One instruction of a Dockerfile: its word, and all that stands behind it. */
export interface Instruction {
  readonly keyword: string;
  readonly value: string;
}

/** What one FROM begins. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile without variables, heredocs and parser directives. Throws an Error on what it does not know. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text.replace(/^[ \t]*#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n");
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((line) => line.trim() !== "")) {
    const [, keyword, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === undefined) throw new Error(`not an instruction: ${line}`);
    if (keyword === "FROM") {
      const [base, , name] = value.split(/\s+/);
      stages.push({ base, name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
    stage.instructions.push({ keyword, value });
  }
  return stages;
}

/** The values of the instructions with this word, in order. */
export function valuesOf(stage: Stage, keyword: string): string[] {
  return stage.instructions.filter((instruction) => instruction.keyword === keyword).map(({ value }) => value);
}

/** The arguments of an instruction in exec form. Throws an Error on the shell form. */
export function execForm(value: string): string[] {
  const words: unknown = JSON.parse(value);
  if (!Array.isArray(words) || words.some((word) => typeof word !== "string")) {
    throw new Error(`no exec form: ${value}`);
  }
  return words;
}

/** `A=b C=d` of ENV. */
export function variables(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.flatMap((value) => value.split(/\s+/)).map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
