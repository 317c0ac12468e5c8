// @ts-check
/** @import { RoomEvent } from "./types.js" */

/**
 * Reads server-sent events piece by piece, wherever the pieces are cut. EventSource cannot carry a token.
 */
export class EventStreamReader {
  #rest = "";
  #type = "message";
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} text the next piece
   * @returns {RoomEvent[]} the events that it completes
   */
  read(text) {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#readLine(line));
  }

  /** @param {string} line */
  #readLine(line) {
    if (line === "") return this.#complete();
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") this.#type = value;
    if (field === "data") this.#data.push(value);
    return [];
  }

  /** @returns {RoomEvent[]} */
  #complete() {
    const [type, data] = [this.#type, this.#data.join("\n")];
    this.#type = "message";
    this.#data = [];
    return data === "" ? [] : [{ ...JSON.parse(data), type }];
  }
}
