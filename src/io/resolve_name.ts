import { lookup } from "node:dns/promises";

/** The IP addresses of a name, best first; rejects where there are none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** By the system's resolver, which knows /etc/hosts too. */
export const resolveBySystem: ResolveName = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);
