import type { LoadStep } from "./step.ts";
import { tableRows } from "./table.ts";

const [PANEL_WIDTH, PANEL_HEIGHT] = [380, 190];
const COLUMNS = 2;
const TITLE_HEIGHT = 34;
/** Around the lines of a panel: for heads, and for what stands at the axes. */
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 16, 26, 30];
const COLOURS = ["#1f6fb4", "#d1495b"];
const GREY = "#555";
const TICKS = 4;
/** Of the steps, whose subscribers stand below a panel: more have no room. */
const MAX_LABELS = 8;

/** One figure over the steps: its name, and its value; undefined where it is not known. */
interface Line {
  readonly name: string;
  readonly value: (step: LoadStep) => number | undefined;
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const PANELS: readonly Panel[] = [
  {
    title: "packets/s",
    lines: [
      { name: "received", value: ({ receivedPerSecond }) => receivedPerSecond },
      { name: "sent", value: ({ sentPerSecond }) => sentPerSecond },
    ],
  },
  { title: "lost, %", lines: [{ name: "", value: ({ lostPercent }) => lostPercent }] },
  {
    title: "latency, ms",
    lines: [
      { name: "p50", value: ({ latencyMs }) => latencyMs?.p50 },
      { name: "p99", value: ({ latencyMs }) => latencyMs?.p99 },
    ],
  },
  {
    title: "join, ms",
    lines: [
      { name: "p50", value: ({ joins }) => joins.ms.p50 },
      { name: "p99", value: ({ joins }) => joins.ms.p99 },
    ],
  },
  {
    title: "CPU, % of a core",
    lines: [
      { name: "server", value: ({ server }) => server?.cpuPercent },
      { name: "load", value: ({ load }) => load.cpuPercent },
    ],
  },
  {
    title: "CPU, us a received packet",
    lines: [
      { name: "server", value: ({ server }) => server?.packetMicroseconds },
      { name: "load", value: ({ load }) => load.packetMicroseconds },
    ],
  },
  {
    title: "server's memory (RSS), MB",
    lines: [{ name: "", value: ({ server }) => server && server.residentBytes / 1e6 }],
  },
];

/** The figures of a run over its subscribers, as SVG: a panel for each kind, without those of which nothing is known. */
export function plotSvg(title: string, steps: readonly LoadStep[]): string {
  const panels = PANELS.filter(({ lines }) =>
    lines.some(({ value }) => steps.some((step) => value(step) !== undefined))
  );
  const width = COLUMNS * PANEL_WIDTH;
  const height = TITLE_HEIGHT + Math.ceil(panels.length / COLUMNS) * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(LEFT, 20, title, "start", "#000", 13),
    ...panels.flatMap((panel, at) => {
      const x = (at % COLUMNS) * PANEL_WIDTH;
      const y = TITLE_HEIGHT + Math.floor(at / COLUMNS) * PANEL_HEIGHT;
      return [`<g transform="translate(${x} ${y})">`, ...drawPanel(panel, steps), "</g>"];
    }),
    "</svg>",
    "",
  ].join("\n");
}

/** A page with the plot, and all figures in a table. */
export function plotHtml(title: string, steps: readonly LoadStep[]): string {
  const [heads, ...rows] = tableRows(steps);
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${escaped(title)}</title>`,
    "<style>body{font:14px sans-serif;max-width:60em;margin:1em auto}svg{width:100%}" +
    "td,th{text-align:right;padding:2px 8px}</style></head>",
    "<body>",
    plotSvg(title, steps) + "<table>",
    row(heads, "th"),
    ...rows.map((cells) => row(cells, "td")),
    "</table>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function drawPanel({ title, lines }: Panel, steps: readonly LoadStep[]): string[] {
  const known = lines.filter(({ value }) => steps.some((step) => value(step) !== undefined));
  const values = known.flatMap(({ value }) => steps.flatMap((step) => value(step) ?? []));
  const top = niceTop(Math.max(...values));
  const most = Math.max(1, ...steps.map(({ subscribers }) => subscribers));
  const x = (subscribers: number) => LEFT + subscribers / most * (PANEL_WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value / top) * (PANEL_HEIGHT - TOP - BOTTOM);
  return [
    text(LEFT, TOP - 10, title, "start", "#000"),
    ...Array.from({ length: TICKS + 1 }, (_, at) => tick(y(top * at / TICKS), label(top * at / TICKS))).flat(),
    ...steps.filter((_, at) => at % Math.ceil(steps.length / MAX_LABELS) === 0)
      .map(({ subscribers }) => text(x(subscribers), PANEL_HEIGHT - BOTTOM + 14, `${subscribers}`, "middle")),
    ...known.flatMap(({ name, value }, at) => {
      const points = steps.flatMap((step) => {
        const found = value(step);
        return found === undefined ? [] : [[x(step.subscribers), y(found)] as const];
      });
      const end = PANEL_WIDTH - RIGHT - (known.length - 1 - at) * 60;
      return [...drawLine(points, COLOURS[at]), text(end, TOP - 10, name, "end", COLOURS[at])];
    }),
    text(PANEL_WIDTH - RIGHT, PANEL_HEIGHT - 4, "subscribers", "end"),
  ];
}

/** Lines from point to point, and a dot on each: of a run of one step there is nothing else. */
function drawLine(points: readonly (readonly [number, number])[], colour: string): string[] {
  const d = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return [
    `<path d="${d}" fill="none" stroke="${colour}" stroke-width="1.6"/>`,
    ...points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.4" fill="${colour}"/>`),
  ];
}

function tick(y: number, words: string): string[] {
  return [
    `<path d="M${LEFT} ${y.toFixed(1)}H${PANEL_WIDTH - RIGHT}" stroke="#e4e4e4"/>`,
    text(LEFT - 5, y + 4, words, "end"),
  ];
}

function text(x: number, y: number, words: string, anchor: string, colour = GREY, size = 11): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text ${place} text-anchor="${anchor}" fill="${colour}" font-size="${size}">${escaped(words)}</text>`;
}

/** The first of 1, 2, 4, 6, 8 and 10, times a power of ten, that is not below; 1 where all values are 0. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 6, 8, 10].find((candidate) => candidate * power >= value) ?? 10;
  return factor * power;
}

function label(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
