// @ts-check
/** @import { Rated } from "./curve.js" */
/** @import { Sample } from "./history.js" */
import { curve, HEIGHT, niceTop, WIDTH } from "./curve.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} PlotOptions
 * @property {string} title
 * @property {{ key: Rated, label: string }[]} lines two at the most
 * @property {(value: number) => string} words
 * @property {number} least what the upper edge stands for, where no value is above it
 */

/** One plot of the last ten minutes. */
export class Plot {
  #options;
  #now = document.createElement("span");
  #top = document.createElement("span");
  #svg = document.createElementNS(SVG, "svg");
  #paths;

  /**
   * @param {HTMLElement} container where it is appended
   * @param {PlotOptions} options
   */
  constructor(container, options) {
    this.#options = options;
    this.#svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("role", "img");
    this.#paths = options.lines.map((_, index) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", `line line-${index}`);
      return path;
    });
    this.#svg.append(...this.#paths);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const title = document.createElement("strong");
    title.textContent = options.title;
    this.#now.className = "plot-now";
    this.#top.className = "plot-top";
    caption.append(title, this.#now);
    figure.className = "plot";
    figure.append(caption, this.#top, this.#svg);
    container.append(figure);
  }

  /**
   * @param {Sample[]} samples the oldest first
   */
  draw(samples) {
    const { title, lines, words, least } = this.#options;
    const last = samples.at(-1);
    if (last === undefined) return;
    const values = samples.flatMap((sample) => lines.map(({ key }) => sample[key] ?? 0));
    const top = niceTop(Math.max(least, ...values));
    for (const [index, { key }] of lines.entries()) {
      this.#paths[index].setAttribute("d", curve(samples, key, top));
    }
    this.#now.replaceChildren(...lines.map(({ key, label }, index) => {
      const entry = document.createElement("span");
      entry.className = `legend legend-${index}`;
      const value = last[key];
      entry.textContent = `${label} ${value === null ? "–" : words(value)}`.trim();
      return entry;
    }));
    this.#top.textContent = words(top);
    this.#svg.setAttribute("aria-label", `${title}: ${this.#now.textContent}, ${words(top)} at the most`);
  }
}
