import { getLogger } from "@logtape/logtape";
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../webrtc/error_message.ts";
import type { ConfigResult } from "./config.ts";
import { type Config, type Setting, SETTINGS } from "./config_schema.ts";
import { contradictionsOf } from "./contradictions.ts";
import { KEPT_ON } from "./reloadable.ts";

const log = getLogger(["switchboard"]);

/** What settings ask for cannot be had: the message has a line for each thing that is wrong. */
export class ReloadError extends Error {
  override readonly name = "ReloadError";
}

/** A part of the server that takes settings while it runs. */
export interface ReloadPart {
  /**
   * Makes ready what `config` asks for in place of `present`, and changes nothing yet: what it gives back does, and cannot
   * fail. Throws a ReloadError.
   */
  prepare(config: Config, present: Config): (() => void) | Promise<() => void>;
}

export interface ReloadOptions {
  /** With which the server has started. */
  readonly config: Config;
  /** Reads the settings again. */
  readonly read: () => ConfigResult;
  /** Prepared in this order, and then changed in this order: the last one alone may hold something that must be closed. */
  readonly parts: readonly ReloadPart[];
}

/** Takes what has changed of the settings, all of it or nothing (rules B520, B521). */
export class Reload {
  readonly #options: ReloadOptions;
  #config: Config;
  /** The last one that was asked for; each begins behind the one before. */
  #last = Promise.resolve();

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** What is in force: of settings that need a restart what they were at the start. */
  get config(): Config {
    return this.#config;
  }

  /** Resolves when it is done, be something changed or not: the log says so. */
  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload());
    return this.#last;
  }

  async #reload(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      // A fault of ours ends no call either, and no later reload.
      refuse(error instanceof ReloadError ? error.message : `a fault of the server: ${messageOf(error)}`);
    }
  }

  async #take(): Promise<void> {
    const result = this.#options.read();
    if (!result.ok) return refuse(result.message);
    if (result.help) return;
    const { config, taken, waiting } = changesOf(this.#config, result.config);
    const contradictions = contradictionsOf(config);
    if (contradictions.length > 0) return refuse(contradictions.join("\n"));
    const changes: (() => void)[] = [];
    for (const part of this.#options.parts) changes.push(await part.prepare(config, this.#config));
    for (const change of changes) change();
    this.#config = config;
    log.info("the settings were read again; changed: {changed}", { changed: taken.join(" ") || "none" });
    if (waiting.length > 0) log.warn("these settings need a restart: {settings}", { settings: waiting.join(" ") });
  }
}

function refuse(message: string): void {
  for (const reason of message.split("\n")) log.error("the settings stay as they are: {reason}", { reason });
}

interface Changes {
  /** What `next` has of settings that reload, and what `present` has of all others. */
  readonly config: Config;
  /** Flags of settings that have changed. */
  readonly taken: readonly string[];
  /** Flags of settings that are other ones, and need a restart. */
  readonly waiting: readonly string[];
}

/** What becomes of the settings where the server runs with `present` and the file says `next`. */
export function changesOf(present: Config, next: Config): Changes {
  const kept = new Set<string>(KEPT_ON.filter((group) => isOn(present, group) !== isOn(next, group)).flat());
  const changed = SETTINGS.filter(({ key }) => !isDeepStrictEqual(valueOf(present, key), valueOf(next, key)));
  const takes = ({ key, reloads }: Setting) => reloads && !kept.has(key);
  const taken = changed.filter(takes);
  return {
    config: { ...present, ...Object.fromEntries(taken.map(({ key }) => [key, valueOf(next, key)])) },
    taken: taken.map(({ flag }) => flag),
    waiting: changed.filter((setting) => !takes(setting)).map(({ flag }) => flag),
  };
}

function isOn(config: Config, group: (typeof KEPT_ON)[number]): boolean {
  return group.some((key) => config[key] !== undefined);
}

function valueOf(config: Config, key: string): unknown {
  return new Map<string, unknown>(Object.entries(config)).get(key);
}
