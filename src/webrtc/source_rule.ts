import type { Kind, Source } from "../sfu/types.ts";
import type { OfferMedia } from "./sdp_media.ts";

/** Tells camera and microphone from the screen and its sound (rule P21). */
export class SourceRule {
  /** The msid stream of the camera and the microphone. */
  #stream: string | undefined;

  /** `named` is what the client says that it publishes. A track of no stream is taken for camera or microphone. */
  sourceOf(kind: Kind, msid: OfferMedia["msid"], named: Source | undefined): Source {
    const stream = msid?.stream;
    const screen = named === undefined
      ? this.#stream !== undefined && stream !== undefined && stream !== this.#stream
      : named === "screen" || named === "screenAudio";
    if (!screen) this.#stream ??= stream;
    if (kind === "audio") return screen ? "screenAudio" : "microphone";
    return screen ? "screen" : "camera";
  }
}
