import { brokerTarget } from "../bus/broker_target.ts";

/** Whether a broker can be reached by it. */
export function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  try {
    brokerTarget(url, {});
    return true;
  } catch {
    return false;
  }
}
