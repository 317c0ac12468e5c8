import type { Experiment, Sample } from "../../tests/harness/congestion/experiment.ts";

const [WIDTH, LEFT, RIGHT] = [760, 52, 22];
/** Of the panel of rates, and of that of the queue below it. */
const RATES = { top: 40, height: 190 };
const QUEUE = { top: 262, height: 70 };
const HEIGHT = 372;
/** Points of a line at the most: samples are put together. */
const MAX_POINTS = 240;
const COLOURS = ["#1f6fb4", "#d1495b", "#2a9d5c", "#8a5fbf", "#c77d0a"];
const GREY = "#555";
const TCP_COLOUR = "#222";

/** The value of a figure at each point, over time. */
type Line = readonly (readonly [number, number])[];

/** Rates, estimates, capacity and queue of an experiment over time, as SVG. */
export function plot(title: string, experiment: Experiment): string {
  const points = together(experiment.samples);
  const seconds = experiment.ms / 1000;
  const top = niceTop(Math.max(...points.map((group) => average(group, ({ capacity }) => capacity))) * 1.15 / 1e6);
  const queueTop = niceTop(Math.max(60, ...points.map((group) => highest(group, ({ queueMs }) => queueMs))));
  const x = (s: number) => LEFT + s / seconds * (WIDTH - LEFT - RIGHT);
  const rate = (megabits: number) => RATES.top + RATES.height * (1 - Math.min(megabits / top, 1));
  const queue = (ms: number) => QUEUE.top + QUEUE.height * (1 - Math.min(ms / queueTop, 1));
  const line = (figure: (group: readonly Sample[]) => number, y: (value: number) => number): Line =>
    points.map((group) => [x(group[group.length - 1].ms / 1000), y(figure(group))]);
  const megabits = (figure: (sample: Sample) => number) => (group: readonly Sample[]) => average(group, figure) / 1e6;
  const flows = experiment.flows.flatMap((_, index) => [
    path(line(megabits(({ flows }) => flows[index].received), rate), COLOURS[index], 1.6),
    path(line(megabits(({ flows }) => flows[index].estimate), rate), COLOURS[index], 0.9, "3 2"),
  ]);
  const hasTcp = experiment.tcp.length > 0;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 16, title, "start", "#000", 13),
    ...legend(experiment.flows.length, hasTcp),
    ...rateTicks(top).flatMap((value) => tick(rate(value), `${value}`)),
    ...rateTicks(queueTop).filter((value) => value === 0 || value === queueTop).flatMap((value) =>
      tick(queue(value), `${value}`)
    ),
    ...timeTicks(seconds).map((value) => text(x(value), QUEUE.top + QUEUE.height + 14, `${value} s`, "middle")),
    text(4, RATES.top - 6, "Mbit/s", "start"),
    text(4, QUEUE.top - 8, "queue, ms", "start"),
    path(steps(line((group) => group[group.length - 1].capacity / 1e6, rate)), "#999", 2),
    ...(hasTcp ? [path(line(megabits(({ tcp }) => tcp), rate), TCP_COLOUR, 1, "1 2")] : []),
    ...flows,
    path(line((group) => highest(group, ({ queueMs }) => queueMs), queue), GREY, 1.2),
    "</svg>",
    "",
  ].join("\n");
}

/** Samples in groups, in order. */
function together(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const size = Math.ceil(samples.length / MAX_POINTS);
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, at) => samples.slice(at * size, (at + 1) * size));
}

function average(group: readonly Sample[], figure: (sample: Sample) => number): number {
  return group.reduce((sum, sample) => sum + figure(sample), 0) / group.length;
}

function highest(group: readonly Sample[], figure: (sample: Sample) => number): number {
  return Math.max(...group.map(figure));
}

/** The first of 1, 1.5, 2, 3, 4, 5, 6, 8 and 10, times a power of ten, that is not below. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= value * 0.999) ?? 10;
  return Number((factor * power).toPrecision(3));
}

function rateTicks(top: number): readonly number[] {
  return [0, 1, 2, 3, 4].map((quarter) => Number((top * quarter / 4).toPrecision(3)));
}

function timeTicks(seconds: number): readonly number[] {
  const step = seconds > 200 ? 50 : seconds > 80 ? 20 : 10;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}

function legend(flows: number, hasTcp: boolean): string[] {
  const words: [string, string][] = [["capacity", "#999"]];
  for (let index = 0; index < flows; index++) {
    words.push([flows === 1 ? "received" : `flow ${index + 1}`, COLOURS[index]]);
  }
  if (hasTcp) words.push(["TCP", TCP_COLOUR]);
  words.push(["dashed: estimate", GREY]);
  let at = WIDTH - RIGHT;
  return words.toReversed().map(([word, colour]) => {
    const end = at;
    at -= word.length * 6 + 14;
    return text(end, RATES.top - 6, word, "end", colour);
  });
}

function tick(y: number, label: string): string[] {
  return [
    `<path d="M${LEFT} ${y.toFixed(1)}H${WIDTH - RIGHT}" stroke="#e4e4e4"/>`,
    text(LEFT - 5, y + 4, label, "end"),
  ];
}

function text(x: number, y: number, words: string, anchor: string, colour = GREY, size = 11): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text ${place} text-anchor="${anchor}" fill="${colour}" font-size="${size}">${words}</text>`;
}

function path(line: Line, colour: string, width: number, dashes?: string): string {
  const d = line.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const dash = dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`;
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}"${dash}/>`;
}

/** A line that goes from value to value at once. */
function steps(line: Line): Line {
  return line.flatMap(([x, y], index) =>
    index === 0 ? [[LEFT, y] as const, [x, y] as const] : [
      [line[index - 1][0], y] as const,
      [x, y] as const,
    ]
  );
}
