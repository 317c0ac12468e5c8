import { getLogger } from "@logtape/logtape";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";
import { problem } from "./problem.ts";
import { readStaticFile } from "./static_files.ts";
import type { HttpEnvironment } from "./request_rules.ts";

const log = getLogger(["switchboard", "http"]);

export interface AppOptions {
  /** A folder's URL, with a slash at its end. */
  readonly staticRoot: URL;
  /** What `/healthz` tells, as JSON. */
  health(): object;
  /** Why no other peer can be taken at present; undefined where one can. */
  obstacle(): string | undefined;
  /** Routes that come before the files: WHIP and WHEP. */
  readonly api?: Hono<HttpEnvironment>;
}

const SECURITY_HEADERS: Parameters<typeof secureHeaders>[0] = {
  // What the page does not need it may not do; 'self' is the WebSocket of its own origin too.
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // For browsers that do not know frame-ancestors.
  xFrameOptions: "DENY",
  permissionsPolicy: {
    camera: ["self"],
    microphone: ["self"],
    displayCapture: ["self"],
    geolocation: [],
    payment: [],
    usb: [],
    serial: [],
    hid: [],
    bluetooth: [],
    midi: [],
  },
  // `demandHttps` says it where this server has TLS itself.
  strictTransportSecurity: false,
  // Told for each kind of answer: it would hide from other origins what they may have.
  crossOriginResourcePolicy: false,
};

/** Everything that is plain HTTP: the page, the browser SDK, WHIP, WHEP, `/healthz` and `/readyz`. */
export function createApp(options: AppOptions): Hono<HttpEnvironment> {
  const app = new Hono<HttpEnvironment>();
  app.use(secureHeaders(SECURITY_HEADERS));
  app.get("/healthz", ofThisMoment, (c) => c.json(options.health()));
  app.get("/readyz", ofThisMoment, (c) => {
    const reason = options.obstacle();
    return reason === undefined ? c.json({ status: "ready" }) : c.json({ status: "not-ready", reason }, 503);
  });
  if (options.api !== undefined) app.route("/", options.api);
  app.get("*", etag(), (c) => sendStaticFile(c, options.staticRoot));
  app.all("*", (c) => problem(c, 405, undefined, { "Allow": "GET, HEAD" }));
  app.onError((error, c) => {
    log.error("request failed", { method: c.req.method, path: withoutSession(c.req.path), error });
    return problem(c, 500);
  });
  return app;
}

/** What is told of the server is for its own origin alone, and old at once. */
const ofThisMoment: MiddlewareHandler = async (c, next) => {
  c.header("Cache-Control", "no-store");
  c.header("Cross-Origin-Resource-Policy", "same-origin");
  await next();
};

async function sendStaticFile(c: Context, root: URL): Promise<Response> {
  const file = await readStaticFile(root, new URL(c.req.url).pathname);
  if (file === undefined) return problem(c, 404);
  c.header("Content-Type", file.contentType);
  c.header("Cache-Control", "no-cache");
  // Pages of other origins may load the browser SDK, those with COEP too.
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Cross-Origin-Resource-Policy", "cross-origin");
  return c.body(file.body);
}

/** Who knows the URL of a WHIP or WHEP session may end it: a log is no place for it. */
function withoutSession(path: string): string {
  return path.replace(/^(\/wh[ie]p\/[^/]*\/).+/, "$1...");
}
