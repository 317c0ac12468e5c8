/** Offers of real browsers, recorded: each folder's README says of which. */
export const RECORDED_OFFERS = new URL("../fixtures/", import.meta.url);

/** The offers of one RTCPeerConnection, in their order. */
export interface OfferSequence {
  readonly browser: string;
  readonly name: string;
  readonly offers: readonly string[];
}

/** All sequences that are recorded, from files that are named `<browser>/<sequence>-<step>-<what>.sdp`. */
export function recordedSequences(): OfferSequence[] {
  const sequences = new Map<string, { browser: string; name: string; offers: string[] }>();
  for (const path of recordedPaths()) {
    const [, browser, name] = /^(\w+)\/(.+)-\d+-[^/]+\.sdp$/.exec(path) ?? [];
    if (browser === undefined) throw new Error(`${path} is not named as recorded offers are`);
    const sequence = sequences.get(`${browser} ${name}`) ?? { browser, name, offers: [] };
    sequence.offers.push(readOffer(path));
    sequences.set(`${browser} ${name}`, sequence);
  }
  return [...sequences.values()];
}

/** One recorded offer, as in `safari/video-1-first.sdp`. */
export function readOffer(path: string): string {
  return Deno.readTextFileSync(new URL(path, RECORDED_OFFERS));
}

function recordedPaths(): string[] {
  const browsers = [...Deno.readDirSync(RECORDED_OFFERS)].filter(({ isDirectory }) => isDirectory);
  return browsers.flatMap(({ name }) =>
    [...Deno.readDirSync(new URL(`${name}/`, RECORDED_OFFERS))]
      .filter((file) => file.name.endsWith(".sdp"))
      .map((file) => `${name}/${file.name}`)
  ).sort();
}
