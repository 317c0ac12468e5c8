import type { Handler } from "./listener.ts";

/** A year, in seconds; other names of the domain are not ours to speak for. */
const POLICY = "max-age=31536000";

/**
 * Answers with HSTS (RFC 6797): browsers ask this host by HTTPS alone from now on, whatever a link says. Not at localhost,
 * where other servers on other ports have no certificate; addresses browsers leave out by themselves.
 */
export function demandHttps(handler: Handler): Handler {
  return async (request, info) => {
    const response = await handler(request, info);
    const isUpgrade = response.status === 101;
    if (!isUpgrade && URL.parse(request.url)?.hostname !== "localhost") {
      response.headers.set("Strict-Transport-Security", POLICY);
    }
    return response;
  };
}
