// @ts-check
/** @import { Sample } from "./history.js" */
import { find } from "../ui/dom.js";
import { Plot } from "./plot.js";
import { bitsWords, countWords, percentWords } from "./words.js";

/** The plots of the page. */
export class Plots {
  #plots;

  constructor() {
    const container = find("plots", HTMLElement);
    this.#plots = [
      new Plot(container, { title: "Peers", lines: [{ key: "peers", label: "" }], words: countWords, least: 5 }),
      new Plot(container, {
        title: "Packets/s",
        lines: [{ key: "packetsOut", label: "out" }, { key: "packetsIn", label: "in" }],
        words: countWords,
        least: 100,
      }),
      new Plot(container, {
        title: "Bitrate",
        lines: [{ key: "bitsOut", label: "out" }, { key: "bitsIn", label: "in" }],
        words: bitsWords,
        least: 1e6,
      }),
      new Plot(container, {
        title: "Loss",
        lines: [{ key: "lossDown", label: "to peers" }, { key: "lossUp", label: "of peers" }],
        words: percentWords,
        least: 0.01,
      }),
      new Plot(container, { title: "CPU", lines: [{ key: "cpu", label: "" }], words: percentWords, least: 1 }),
    ];
  }

  /** @param {Sample[]} samples */
  draw(samples) {
    for (const plot of this.#plots) plot.draw(samples);
  }
}
