import { isDeepStrictEqual } from "node:util";
import { AnnouncedAddresses, AnnounceError } from "../io/announced_addresses.ts";
import type { Config } from "./config_schema.ts";
import { mediaHosts } from "./media_hosts.ts";
import { ReloadError, type ReloadPart } from "./reload.ts";

/** The addresses that the settings have announced, and the names that are looked up for that. */
export class Announcement implements ReloadPart {
  #announced: AnnouncedAddresses;

  private constructor(announced: AnnouncedAddresses) {
    this.#announced = announced;
  }

  /** Rejects with an AnnounceError. */
  static async open(config: Config): Promise<Announcement> {
    return new Announcement(await openAddresses(config));
  }

  /** IP addresses at present, each once. */
  get addresses(): readonly string[] {
    return this.#announced.addresses;
  }

  async prepare(config: Config, present: Config): Promise<() => void> {
    if (isDeepStrictEqual(config.announce, present.announce)) return () => {};
    const next = await openAddresses(config).catch((error) => {
      throw error instanceof AnnounceError ? new ReloadError(`--announce: ${error.message}`) : error;
    });
    return () => {
      this.#announced.close();
      this.#announced = next;
    };
  }

  /** Looks nothing up any more. */
  close(): void {
    this.#announced.close();
  }
}

function openAddresses(config: Config): Promise<AnnouncedAddresses> {
  return AnnouncedAddresses.open(config.announce, { hostname: mediaHosts(config) });
}
