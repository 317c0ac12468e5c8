import { getLogger } from "@logtape/logtape";
import { messageOf } from "../webrtc/error_message.ts";
import { parseIpAddress } from "../webrtc/ip_address.ts";
import { isReachable, unservedAddresses } from "./addresses.ts";
import { type Clock, systemClock } from "./clock.ts";
import { resolveBySystem, type ResolveName } from "./resolve_name.ts";

/** Dynamic DNS has a time to live of a minute, mostly. */
const REFRESH_MS = 30_000;

const log = getLogger(["switchboard", "ice"]);

export interface AnnounceOptions {
  /** The addresses of this machine that media is on, as `hostname` has them: what they cannot serve is left out. */
  readonly hostname?: string | readonly string[];
  /** Default: the system's resolver, which knows /etc/hosts too. */
  readonly resolve?: ResolveName;
  readonly clock?: Clock;
}

/** A name that is to be announced has no address that media can be reached at. The message says which, and why. */
export class AnnounceError extends Error {
  override readonly name = "AnnounceError";
}

/**
 * The addresses that clients send media to, of a list of IP addresses and names. A name is looked up again every 30 s, so
 * that clients that come later, and those that restart ICE, are told of an address that has changed. As long as a name
 * cannot be looked up its last addresses stay.
 */
export class AnnouncedAddresses {
  readonly #hosts: readonly string[];
  readonly #resolve: ResolveName;
  readonly #clock: Clock;
  /** What each entry stands for, in the order of the list. */
  readonly #entries = new Map<string, readonly string[]>();
  /** Names whose last lookup failed: each failure is told once. */
  readonly #failing = new Set<string>();
  #timer: number | undefined;
  #closed = false;

  private constructor({ hostname = "0.0.0.0", resolve = resolveBySystem, clock = systemClock }: AnnounceOptions) {
    this.#hosts = typeof hostname === "string" ? [hostname] : hostname;
    this.#resolve = resolve;
    this.#clock = clock;
  }

  /** Looks the names up. Rejects with an AnnounceError where one has no address, or an address cannot be served. */
  static async open(entries: readonly string[], options: AnnounceOptions = {}): Promise<AnnouncedAddresses> {
    const announced = new AnnouncedAddresses(options);
    for (const entry of entries) announced.#entries.set(entry, isAddress(entry) ? [entry] : []);
    const refused = unservedAddresses(announced.#hosts, announced.addresses);
    if (refused.length > 0) throw new AnnounceError(`${refused.join(", ")}: media has no address of that family`);
    const results = await Promise.all(announced.#names.map((name) => announced.#lookUp(name)));
    const problem = results.find((reason) => reason !== undefined);
    if (problem !== undefined) throw new AnnounceError(problem);
    announced.#startTimer();
    return announced;
  }

  /** IP addresses at present, each once. */
  get addresses(): readonly string[] {
    return [...new Set([...this.#entries.values()].flat())];
  }

  /** Looks nothing up any more. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  get #names(): string[] {
    return [...this.#entries.keys()].filter((entry) => !isAddress(entry));
  }

  #startTimer(): void {
    if (this.#closed || this.#names.length === 0) return;
    this.#timer = this.#clock.setTimeout(() => void this.#refresh(), REFRESH_MS);
  }

  async #refresh(): Promise<void> {
    await Promise.all(this.#names.map(async (name) => this.#tell(name, await this.#lookUp(name))));
    this.#startTimer();
  }

  /** Notes the addresses of a name. Why there are none is what it resolves to, and then those of before stay. */
  async #lookUp(name: string): Promise<string | undefined> {
    const { addresses, reason } = await this.#find(name);
    if (reason !== undefined) return `${name} ${reason}`;
    const before = this.#entries.get(name) ?? [];
    this.#entries.set(name, addresses);
    const isNew = addresses.some((address) => !before.includes(address)) || before.length !== addresses.length;
    if (isNew) log.info("{name} is announced by {addresses}", { name, addresses: addresses.join() });
    return undefined;
  }

  async #find(name: string): Promise<{ readonly addresses: readonly string[]; readonly reason?: string }> {
    try {
      const found = [...new Set(await this.#resolve(name))];
      const unserved = unservedAddresses(this.#hosts, found);
      // A resolver that blocks a name says 0.0.0.0, and one that knows this machine itself its link-local addresses.
      const addresses = found.filter((address) => isReachable(address) && !unserved.includes(address));
      if (addresses.length > 0) return { addresses };
      return { addresses, reason: `has no address that media can be reached at: ${found.join(", ") || "none at all"}` };
    } catch (error) {
      return { addresses: [], reason: `cannot be looked up: ${messageOf(error)}` };
    }
  }

  #tell(name: string, problem: string | undefined): void {
    if (problem === undefined) this.#failing.delete(name);
    else if (!this.#failing.has(name)) {
      this.#failing.add(name);
      log.warn("{problem}; its addresses of before stay", { problem });
    }
  }
}

function isAddress(text: string): boolean {
  return parseIpAddress(text) !== undefined;
}
