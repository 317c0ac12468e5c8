import { isUnspecified, unservedAddresses } from "../io/addresses.ts";
import type { Limits } from "../signaling/limits.ts";
import { revocationSchema } from "../signaling/revocations.ts";
import { parseIpAddress } from "../webrtc/ip_address.ts";

/** Throws a TypeError for a limit that is no number: it would hold nobody back. */
export function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (isLimit(value) || name === "maxTracks" && value === 0) continue;
    throw new TypeError(`limits: ${name} is ${value}, and no whole number above 0; Infinity is no limit`);
  }
}

export function isLimit(value: number): boolean {
  return value === Infinity || Number.isSafeInteger(value) && value > 0;
}

/** Throws a TypeError for what no client can send to. */
export function checkAnnounced(hosts: readonly string[], announce: readonly string[]): void {
  for (const address of announce) {
    if (parseIpAddress(address) === undefined) {
      throw new TypeError(`announce: ${address} is no IP address; AnnouncedAddresses looks names up`);
    }
  }
  if (announce.some(isUnspecified)) throw new TypeError("announce: no client can send to an unspecified address");
  const [unserved] = unservedAddresses(hosts, announce);
  if (unserved === undefined) return;
  throw new TypeError(`announce: ${unserved} is of a family that media on ${hosts.join(", ")} cannot serve`);
}

/** Throws a TypeError for an identity that no token has, or the name of no room. */
export function checkRevocation(identity: string, roomId: string | undefined): void {
  const { error } = revocationSchema.safeParse({ identity, roomId, atSeconds: 0 });
  if (error === undefined) return;
  const [{ path, message }] = error.issues;
  throw new TypeError(`${path.join(".")}: ${message}`);
}
