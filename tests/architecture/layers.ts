import { computedImports, importsOf, resolveImport } from "./imports.ts";
import { isTest, type ProjectFile } from "./repository.ts";

/** From the top down: a file imports from its own layer and from those below. The load is above all that it loads. */
const LAYERS = [
  "src/load/",
  "main.ts",
  "src/mod.ts",
  "src/doctor/",
  "src/server/",
  "src/io/",
  "src/bus/",
  "src/webhooks/",
  "src/signaling/",
  "src/media/",
  "src/webrtc/",
  "src/sfu/",
  "src/congestion/",
  "src/stream/",
  "src/rtp/",
];

/** The layers without I/O, and the packages that each may use. */
const PURE_LAYERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["src/webhooks/", ["node:crypto"]],
  ["src/signaling/", ["zod"]],
  ["src/media/", []],
  ["src/webrtc/", ["node:crypto", "sdp-transform"]],
  ["src/sfu/", []],
  ["src/congestion/", []],
  ["src/stream/", []],
  ["src/rtp/", []],
]);

/** werift uses clocks, timers and promises: it stays behind the portable backend. */
const WERIFT_FOLDER = "src/io/portable/";

export function layerOf(path: string): string | undefined {
  return LAYERS.find((layer) => path === layer || (layer.endsWith("/") && path.startsWith(layer)));
}

export function isPure(path: string): boolean {
  return PURE_LAYERS.has(layerOf(path) ?? "");
}

/** Product code: what runs in the server or in the page, tests left out. */
export function isProduct(path: string): boolean {
  return (path === "main.ts" || /^(?:src|static)\/.*\.(?:ts|js)$/.test(path)) && !isTest(path);
}

/** Every import that runs upward, leaves the product, or brings a package to where it must not be. */
export function layerViolations(files: readonly ProjectFile[]): string[] {
  return files.filter(({ path }) => isProduct(path)).flatMap((file) => [
    ...unknownLayer(file.path),
    ...computedImports(file),
    ...importsOf(file).flatMap(({ specifier, line }) => {
      const target = resolveImport(file.path, specifier);
      const problem = target === undefined ? packageProblem(file.path, specifier) : directionProblem(file.path, target);
      return problem === undefined ? [] : [`${file.path}:${line}: ${problem}`];
    }),
  ]);
}

function unknownLayer(path: string): string[] {
  return path.startsWith("static/") || layerOf(path) !== undefined ? [] : [`${path}: is in no layer`];
}

function directionProblem(from: string, to: string): string | undefined {
  if (isTest(to) || to.startsWith("tests/")) return `product code imports a test, ${to}`;
  if (from.startsWith("static/") !== to.startsWith("static/")) return `the page and the server share no code: ${to}`;
  const [fromLayer, toLayer] = [layerOf(from), layerOf(to)];
  if (fromLayer === undefined || toLayer === undefined) return undefined;
  return LAYERS.indexOf(toLayer) < LAYERS.indexOf(fromLayer) ? `imports upward, ${to}` : undefined;
}

function packageProblem(from: string, specifier: string): string | undefined {
  if (/^(?:https?|jsr):/.test(specifier)) return `${specifier} does not come from npm`;
  if (from.startsWith("static/")) return `the page is served as it is, without packages: ${specifier}`;
  if (/^(?:npm:)?werift\b/.test(specifier) && !from.startsWith(WERIFT_FOLDER)) {
    return `werift stays in ${WERIFT_FOLDER}`;
  }
  const allowed = PURE_LAYERS.get(layerOf(from) ?? "");
  return allowed === undefined || allowed.includes(specifier) ? undefined : `${specifier} is not for a pure layer`;
}

/** Import cycles, type imports included, each as `a -> b -> a`. */
export function importCycles(files: readonly ProjectFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, targets(file)]));
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || finished.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

function targets(file: ProjectFile): string[] {
  return importsOf(file).flatMap(({ specifier }) => resolveImport(file.path, specifier) ?? []);
}
