import type { Totals } from "./replies.ts";
import type { LoadResult } from "./run.ts";
import type { Joined, LoadStep } from "./step.ts";

/** One column of the table: its characters, its heads, one line below the other, and what a step has there. */
interface Column {
  readonly width: number;
  readonly heads: readonly [string, string];
  readonly cell: (step: LoadStep) => string;
}

const NONE = "-";

/** A figure of the server's process, which may not be known. */
function ofServer(figure: (server: NonNullable<LoadStep["server"]>) => string) {
  return ({ server }: LoadStep) => server === undefined ? NONE : figure(server);
}

const COLUMNS: readonly Column[] = [
  { width: 8, heads: ["publish-", "ers"], cell: ({ publishers }) => `${publishers}` },
  { width: 11, heads: ["subscrib-", "ers"], cell: ({ subscribers }) => `${subscribers}` },
  {
    width: 15,
    heads: ["join ms", "p50 / p99"],
    cell: ({ joins: { ms } }) => `${ms.p50.toFixed(0)} / ${ms.p99.toFixed(0)}`,
  },
  { width: 11, heads: ["sent", "packets/s"], cell: ({ sentPerSecond }) => sentPerSecond.toFixed(0) },
  { width: 11, heads: ["received", "packets/s"], cell: ({ receivedPerSecond }) => receivedPerSecond.toFixed(0) },
  { width: 9, heads: ["lost", "%"], cell: ({ lostPercent }) => lostPercent.toFixed(3) },
  {
    width: 18,
    heads: ["latency ms", "p50 / p99"],
    cell: ({ latencyMs }) =>
      latencyMs === undefined ? NONE : `${latencyMs.p50.toFixed(2)} / ${latencyMs.p99.toFixed(2)}`,
  },
  { width: 13, heads: ["server", "% of a core"], cell: ofServer(({ cpuPercent }) => cpuPercent.toFixed(1)) },
  {
    width: 11,
    heads: ["server", "us/packet"],
    cell: ofServer(({ packetMicroseconds }) => packetMicroseconds.toFixed(2)),
  },
  { width: 8, heads: ["server", "RSS MB"], cell: ofServer(({ residentBytes }) => (residentBytes / 1e6).toFixed(0)) },
  { width: 13, heads: ["load", "% of a core"], cell: ({ load }) => load.cpuPercent.toFixed(1) },
  { width: 11, heads: ["load", "us/packet"], cell: ({ load }) => load.packetMicroseconds.toFixed(2) },
];

/** The table's heads, and its rows. */
export function tableRows(steps: readonly LoadStep[]): string[][] {
  return [COLUMNS.map(({ heads }) => heads.join(" ").trim()), ...steps.map((step) => cellsOf(step))];
}

/** Two lines of heads. */
export function headLines(): string {
  return `${aligned(COLUMNS.map(({ heads }) => heads[0]))}\n${aligned(COLUMNS.map(({ heads }) => heads[1]))}\n`;
}

/** One step, in one line, with a line below it for each thing that is to be known of it. */
export function stepLines(step: LoadStep): string {
  return [aligned(cellsOf(step)), ...notesOf(step).map((note) => `  ${note}`), ""].join("\n");
}

/** What was counted in the whole run, for comparison with the server's own counters. */
export function totalsLine({ published, arrived, arrivedByRtx, dropped, refused }: Totals): string {
  return [
    `All in all ${published} packets were sent and ${arrived} received, and ${arrivedByRtx} by RTX`,
    ...(dropped > 0 ? [`${dropped} of those that came were dropped on purpose`] : []),
    ...(refused > 0 ? [`the kernel refused ${refused} datagrams of the load`] : []),
  ].join("; ") + ".\n";
}

/** Whether peers could not join or be ended, or something was not as it was sent. */
export function hasFailed({ publishing, steps, ending }: Omit<LoadResult, "totals">): boolean {
  return publishing.failed > 0 || ending !== undefined ||
    steps.some(({ joins, damaged }) => joins.failed > 0 || damaged > 0);
}

/** How those have joined who publish. */
export function publishingLine({ joined, failed, problem, ms }: Joined): string {
  const refused = failed === 0 ? "" : `; ${failed} could not, the first because: ${problem ?? ""}`;
  const times = `p50 ${ms.p50.toFixed(0)}, p99 ${ms.p99.toFixed(0)} ms`;
  return `${joined} ${joined === 1 ? "publisher" : "publishers"} joined, ${times}${refused}\n`;
}

function cellsOf(step: LoadStep): string[] {
  return COLUMNS.map(({ cell }) => cell(step));
}

function notesOf({ joins, damaged, checked, silent, load }: LoadStep): string[] {
  const slow = `the load itself may be the limit: ${load.cpuPercent.toFixed(0)}% of a core, ` +
    `${load.skippedFrames} frames left out`;
  return [
    ...(joins.failed > 0 ? [`${joins.failed} peers could not join, the first because: ${joins.problem ?? ""}`] : []),
    ...(damaged > 0 ? [`${damaged} of ${checked} packets that were looked at were not as they were sent`] : []),
    ...(silent > 0 ? [`${silent} tracks got nothing, or nothing any more`] : []),
    ...(load.isLimit ? [slow] : []),
  ];
}

/** Each at the right of its column. */
function aligned(cells: readonly string[]): string {
  return cells.map((cell, at) => cell.padStart(COLUMNS[at].width)).join("");
}
