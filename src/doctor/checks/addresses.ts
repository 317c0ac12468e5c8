import { addressKind } from "../address_kind.ts";
import type { Facts, MachineFacts } from "../facts.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";

const ANNOUNCE = "announce the address that clients reach, by --announce=<address or name>";

/** Whether clients are told of addresses that they can reach. */
export function checkAddresses(facts: Facts): Finding[] {
  const { config, machine } = facts;
  const told = toldAddresses(facts);
  return [
    ...(machine === undefined || config.announce.length === 0 ? [] : [checkAnnounced(machine)]),
    ...(told.length === 0 ? [] : [checkTold(told, facts)]),
    ...(machine === undefined ? [] : checkSeen(machine, told)),
  ];
}

/** Those of the answer where there was one; else those that the settings make. */
function toldAddresses({ machine, server: { signaling } }: Facts): string[] {
  if (signaling?.ok) return [...new Set(signaling.checks.map(({ candidate }) => candidate.address))];
  if (machine === undefined || !machine.announced.ok) return [];
  const { announced: { addresses }, ownAddresses } = machine;
  return [...(addresses.length > 0 ? addresses : ownAddresses)];
}

function checkAnnounced({ announced }: MachineFacts): Finding {
  if (announced.ok) return ok("announce", announced.addresses.join(", "));
  return problem(
    "announce",
    announced.reason,
    "put the name right in --announce, or in DNS (getent hosts <name> shows what this machine sees); an address does as well",
  );
}

function checkTold(told: readonly string[], { server }: Facts): Finding {
  const list = told.join(", ");
  const far = told.filter((address) => addressKind(address) !== "loopback");
  const isServedPublicly = server.hostAddresses.some((address) => addressKind(address) === "public");
  if (far.some((address) => addressKind(address) === "public")) return ok("candidate-addresses", list);
  if (isServedPublicly) {
    return problem(
      "candidate-addresses",
      `the page is at ${server.hostAddresses.join(", ")}, which is public, and media at ${list}, which is not`,
      `${ANNOUNCE}, as the public one: ${server.hostAddresses[0]}; its ports must be the same on both sides of a NAT`,
    );
  }
  if (far.length === 0) return ok("candidate-addresses", `${list}: for clients on this machine alone`);
  if (far.every((address) => addressKind(address) === "container")) {
    return warning(
      "candidate-addresses",
      `${list}: of a container's bridge, which nobody outside of this machine can reach`,
      `${ANNOUNCE}, that of the host, and publish --udp-port at the same number; or run it in the host's network ` +
        "(--network=host)",
    );
  }
  return warning(
    "candidate-addresses",
    `${list}: private, for clients of the same network alone`,
    `where clients come from elsewhere ${ANNOUNCE}: behind a NAT the public one, with the ports forwarded`,
  );
}

/** Behind a NAT what a STUN server sees is what clients reach, if anything is. */
function checkSeen({ seenFrom }: MachineFacts, told: readonly string[]): Finding[] {
  const [seen] = seenFrom.filter(({ address }) => address !== undefined);
  if (seen?.address === undefined) {
    return seenFrom.length === 0 ? [] : [warning(
      "public-address",
      `not known: ${seenFrom.map(({ url }) => url).join(", ")} did not answer`,
      "look whether a firewall blocks UDP to the outside, and whether the servers of --stun run: clients are told of them",
    )];
  }
  const { url, address } = seen;
  if (told.includes(address)) return [ok("public-address", `${address}, seen by ${url}, is what clients are told`)];
  return [problem(
    "public-address",
    `${url} sees this machine as ${address}, and clients are told ${told.join(", ") || "none"}`,
    `${ANNOUNCE}: --announce=${address}, if clients come from outside of this network`,
  )];
}
