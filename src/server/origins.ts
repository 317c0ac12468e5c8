/** Whether a page of this origin (RFC 6454 section 7) may use the server under the URL that its request has. */
export type AllowsOrigin = (origin: string, url: URL) => boolean;

/** Stands for every origin. */
export const ANY_ORIGIN = "*";

/** Of a web view, as in `capacitor://localhost`: URL gives such schemes no origin. */
const OTHER_SCHEME = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~-]+(?::\d{1,5})?$/;

/** Whether a text is an origin as browsers write it, or stands for every one. */
export function isOrigin(text: string): boolean {
  if (text === ANY_ORIGIN) return true;
  // URL takes a wildcard for the name of a host.
  if (/^https?:/.test(text)) return URL.parse(text)?.origin === text && !text.includes("*");
  return OTHER_SCHEME.test(text);
}

/**
 * The rule of P84: pages of these origins, and of no others; where none are given, of the server's own, which is under the
 * host and port that the request names. `http` or `https` does not matter there: TLS may end before the server. Throws a
 * TypeError for what is no origin.
 */
export function originRule(allowed: readonly string[]): AllowsOrigin {
  const wrong = allowed.find((text) => !isOrigin(text));
  if (wrong !== undefined) throw new TypeError(`origins: ${wrong} is no origin, as https://example.org is`);
  if (allowed.length === 0) return isOwn;
  if (allowed.includes(ANY_ORIGIN)) return () => true;
  const origins = new Set(allowed);
  return (origin) => origins.has(origin);
}

function isOwn(origin: string, url: URL): boolean {
  const page = URL.parse(origin);
  if (page === null || page.origin !== origin || !/^https?:$/.test(page.protocol)) return false;
  // Which port needs no words is the page's scheme's to say.
  return page.host === URL.parse(`${page.protocol}//${url.host}`)?.host;
}

/** Characters of what a client gives for an origin that are said again. */
const MAX_TOLD = 100;

/** Why a page is refused, for those who see its server's side or its console. */
export function originWords(origin: string): string {
  return `pages of ${
    origin.slice(0, MAX_TOLD)
  } may not use this server: --origins says which may, and behind a proxy the Host header counts`;
}
