import type { Facts } from "../facts.ts";
import { type Finding, inOrder } from "../finding.ts";
import { checkAccess } from "./access.ts";
import { checkAddresses } from "./addresses.ts";
import { checkMachine } from "./machine.ts";
import { checkMedia } from "./media.ts";
import { checkPorts } from "./ports.ts";
import { checkServer } from "./server.ts";

const CHECKS = [checkAccess, checkMachine, checkPorts, checkAddresses, checkServer, checkMedia];

/** What is to be said of these facts. Nothing else is looked at, and nothing throws. */
export function check(facts: Facts): Finding[] {
  return inOrder(CHECKS.flatMap((each) => each(facts)));
}
