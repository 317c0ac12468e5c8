import { writeUint16 } from "../../src/rtp/bytes.ts";
import type { PacketPosition } from "./frame_stream.ts";

/**
 * The dependency descriptor of an AV1 stream (https://aomediacodec.github.io/av1-rtp-spec/, appendix A), for streams of
 * the test's generators: written from the specification's syntax tables, and by nothing of the server's.
 */

/** One kind of frame. Differences are counted in frames. */
interface Template {
  readonly spatialLayer: number;
  readonly temporalLayer: number;
  /** One sign for each decode target: `-` not present, D discardable, S switch, R required. */
  readonly indications: string;
  readonly frameDiffs: readonly number[];
  /** One for each chain. */
  readonly chainDiffs: readonly number[];
}

interface Structure {
  /** The chain that protects each decode target. */
  readonly protectedBy: readonly number[];
  readonly chains: number;
  readonly templates: readonly Template[];
  /** The template of a frame. */
  templateOf(position: PacketPosition): number;
}

/** `S0T1 -D-R 2 2,1`: layers, indications, frame differences (0 for none), chain differences. */
function template(text: string): Template {
  const [layers, indications, frameDiffs, chainDiffs] = text.split(" ");
  const numbers = (list: string) => list.split(",").map(Number);
  return {
    spatialLayer: Number(layers[1]),
    temporalLayer: Number(layers[3]),
    indications,
    frameDiffs: numbers(frameDiffs).filter((diff) => diff > 0),
    chainDiffs: numbers(chainDiffs),
  };
}

const L1T1: Structure = {
  protectedBy: [0],
  chains: 1,
  templates: ["S0T0 S 0 0", "S0T0 S 1 1"].map(template),
  templateOf: ({ keyPicture }) => keyPicture ? 0 : 1,
};

/** Layers 0 2 1 2 in a period. */
const L1T3: Structure = {
  protectedBy: [0, 0, 0],
  chains: 1,
  templates: ["S0T0 SSS 0 0", "S0T0 SSS 4 4", "S0T1 -DS 2 2", "S0T2 --D 1 1", "S0T2 --D 1 3"].map(template),
  templateOf: ({ keyPicture, picture }) => keyPicture ? 0 : [1, 3, 2, 4][picture % 4],
};

function twoByTwo(deltas: readonly string[]): Structure {
  return {
    protectedBy: [0, 0, 1, 1],
    chains: 2,
    templates: ["S0T0 SSSS 0 0,0", deltas[0], deltas[1], "S1T0 --SS 1 1,1", deltas[2], deltas[3]].map(template),
    templateOf: ({ keyPicture, spatialLayer, temporalLayer }) => {
      if (temporalLayer > 0) return spatialLayer === 0 ? 2 : 5;
      return spatialLayer * 3 + (keyPicture ? 0 : 1);
    },
  };
}

const L2T2 = twoByTwo(["S0T0 SSSS 4 4,3", "S0T1 -D-R 2 2,1", "S1T0 --SS 4,1 1,1", "S1T1 ---D 2,1 3,2"]);
const L2T2_KEY = twoByTwo(["S0T0 SS-- 4 4,3", "S0T1 -D-- 2 2,1", "S1T0 --SS 4 1,4", "S1T1 ---D 2 3,2"]);

/** Two layers that know nothing of each other. */
const S2T2: Structure = {
  protectedBy: [0, 0, 1, 1],
  chains: 2,
  templates: [
    "S0T0 SS-- 0 0,0",
    "S0T0 SS-- 4 4,3",
    "S0T1 -D-- 2 2,1",
    "S1T0 --SS 0 1,0",
    "S1T0 --SS 4 1,4",
    "S1T1 ---D 2 3,2",
  ]
    .map(template),
  templateOf: L2T2.templateOf,
};

function structureOf({ shape }: PacketPosition): Structure {
  const { spatialLayers, temporalLayers, interLayer } = shape;
  if (spatialLayers === 1 && temporalLayers === 1) return L1T1;
  if (spatialLayers === 1 && temporalLayers === 3) return L1T3;
  if (spatialLayers === 2 && temporalLayers === 2) {
    return { "every picture": L2T2, "key pictures": L2T2_KEY, "never": S2T2 }[interLayer];
  }
  throw new TypeError(`no structure for ${spatialLayers} by ${temporalLayers} layers`);
}

/** Writes the descriptor of a packet at `out[offset]` and returns where it ends. */
export function writeDependencyDescriptor(position: PacketPosition, out: Uint8Array, offset: number): number {
  const { frame, keyPicture, spatialLayer, startOfFrame, endOfFrame } = position;
  const structure = structureOf(position);
  out[offset] = (startOfFrame ? 0x80 : 0) | (endOfFrame ? 0x40 : 0) | structure.templateOf(position);
  writeUint16(out, offset + 1, frame & 0xffff);
  if (!keyPicture || spatialLayer > 0 || !startOfFrame) return offset + 3;
  const extended = extendedFields(structure);
  out.set(extended, offset + 3);
  return offset + 3 + extended.length;
}

const written = new Map<Structure, Uint8Array>();

function extendedFields(structure: Structure): Uint8Array {
  const known = written.get(structure) ?? writeExtendedFields(structure);
  written.set(structure, known);
  return known;
}

/** Bits as text: short, and there are few structures. */
function writeExtendedFields({ templates, protectedBy, chains }: Structure): Uint8Array {
  const bits = [
    // A structure is there; nothing custom, and all decode targets are active.
    "10000",
    fixed(0, 6),
    fixed(protectedBy.length - 1, 5),
    ...templates.map((template, i) => fixed(nextLayer(template, templates[i + 1]), 2)),
    ...templates.flatMap(({ indications }) => [...indications].map((sign) => fixed("-DSR".indexOf(sign), 2))),
    ...templates.map(({ frameDiffs }) => `${frameDiffs.map((diff) => `1${fixed(diff - 1, 4)}`).join("")}0`),
    nonSymmetric(chains, protectedBy.length + 1),
    ...protectedBy.map((chain) => nonSymmetric(chain, chains)),
    ...templates.flatMap(({ chainDiffs }) => chainDiffs.map((diff) => fixed(diff, 4))),
    // No resolutions.
    "0",
  ].join("");
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) => {
    return parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2);
  });
}

/** next_layer_idc: the same layer, the next temporal one, the next spatial one, or no more. */
function nextLayer(template: Template, next: Template | undefined): number {
  if (next === undefined) return 3;
  if (next.spatialLayer !== template.spatialLayer) return 2;
  return next.temporalLayer === template.temporalLayer ? 0 : 1;
}

/** f(n). */
function fixed(value: number, length: number): string {
  return length === 0 ? "" : value.toString(2).padStart(length, "0");
}

/** ns(n): a number below `limit`, the lower ones in one bit less. */
function nonSymmetric(value: number, limit: number): string {
  const width = limit.toString(2).length;
  const short = 2 ** width - limit;
  return value < short ? fixed(value, width - 1) : fixed(value + short, width);
}
