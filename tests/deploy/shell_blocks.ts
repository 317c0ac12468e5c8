/** A block of shell commands in a page, and the heading that it stands below. */
export interface ShellBlock {
  readonly heading: string;
  readonly script: string;
}

/** The blocks of a page that are marked as `sh`, in order. */
export function shellBlocks(page: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = "";
  let lines: string[] | undefined;
  for (const line of page.split("\n")) {
    if (lines === undefined) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      if (line === "```sh") lines = [];
    } else if (line === "```") {
      blocks.push({ heading, script: lines.join("\n") });
      lines = undefined;
    } else lines.push(line);
  }
  return blocks;
}
