import type { Metrics } from "../../tests/harness/congestion/metrics.ts";

const HEADER = ["Scenario", "Used", "of that media", "Queue mean / 95%", "Lost", "Least / most", "Converged"];

/** One experiment, as a row. */
export interface Row {
  readonly title: string;
  readonly metrics: Metrics;
}

/** A table in Markdown, its columns as wide as the formatter makes them. */
export function table(rows: readonly Row[]): string {
  const cells = [HEADER, ...rows.map(({ title, metrics }) => [title, ...figures(metrics)])];
  const widths = HEADER.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** The text with the lines between two markers replaced. Throws where the page has no such markers. */
export function between(page: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page has no ${start} with its end`);
  return `${page.slice(0, from + start.length)}\n\n${content}\n\n${page.slice(to)}`;
}

function figures(metrics: Metrics): string[] {
  const { utilisation, mediaShare, meanQueueMs, highQueueMs, loss, fairness, convergenceS } = metrics;
  return [
    percent(utilisation),
    percent(mediaShare / utilisation),
    `${Math.round(meanQueueMs)} / ${Math.round(highQueueMs)} ms`,
    `${(100 * loss).toFixed(1)}%`,
    fairness === undefined ? "" : fairness.toFixed(2),
    convergenceS === undefined ? "" : `${convergenceS.toFixed(1)} s`,
  ];
}

function percent(fraction: number): string {
  return `${Math.round(100 * fraction)}%`;
}
