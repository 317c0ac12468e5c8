import type { Grants } from "./grants.ts";

/** What becomes of a peer that comes to a room in which there is one of its identity (rule P79). */
export type DuplicateIdentity = "allow" | "refuse" | "replace";

/** There is a peer of this identity in the room. */
export class DuplicateIdentityError extends Error {
  override readonly name = "DuplicateIdentityError";

  constructor() {
    super("somebody with this identity is in the room already");
  }
}

/** The identity whose peers leave a room for whoever comes with these grants; undefined where nobody does. */
export function replacedBy(
  grants: Grants | undefined,
  duplicateIdentity: DuplicateIdentity = "allow",
): string | undefined {
  return duplicateIdentity === "replace" ? grants?.identity : undefined;
}
