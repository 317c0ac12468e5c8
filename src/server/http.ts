import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";
import { readStaticFile } from "./static_files.ts";

const log = getLogger(["switchboard", "http"]);

export interface AppOptions {
  /** A folder's URL, with a slash at its end. */
  readonly staticRoot: URL;
  /** What `/healthz` tells, as JSON. */
  health(): object;
}

const SECURITY_HEADERS: Parameters<typeof secureHeaders>[0] = {
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    connectSrc: ["'self'", "ws:", "wss:"],
    mediaSrc: ["'self'", "blob:"],
    imgSrc: ["'self'", "data:"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'self'"],
  },
  permissionsPolicy: { camera: ["self"], microphone: ["self"], displayCapture: ["self"] },
  // Whether the whole domain is https only is for whoever terminates TLS to say.
  strictTransportSecurity: false,
  // Pages of other origins may load the browser SDK, as Access-Control-Allow-Origin says below.
  crossOriginResourcePolicy: false,
};

/** Everything that is plain HTTP: the page, the browser SDK and `/healthz`. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders(SECURITY_HEADERS));
  app.get("/healthz", (c) => {
    c.header("Cache-Control", "no-store");
    return c.json(options.health());
  });
  app.get("*", etag(), (c) => sendStaticFile(c, options.staticRoot));
  app.all("*", (c) => {
    c.header("Allow", "GET, HEAD");
    return problem(c, 405, "Method Not Allowed");
  });
  app.onError((error, c) => {
    log.error("request failed", { method: c.req.method, path: c.req.path, error });
    return problem(c, 500, "Internal Server Error");
  });
  return app;
}

async function sendStaticFile(c: Context, root: URL): Promise<Response> {
  const file = await readStaticFile(root, new URL(c.req.url).pathname);
  if (file === undefined) return problem(c, 404, "Not Found");
  c.header("Content-Type", file.contentType);
  c.header("Cache-Control", "no-cache");
  c.header("Access-Control-Allow-Origin", "*");
  return c.body(file.body);
}

/** Problem details for HTTP APIs (RFC 9457). */
function problem(c: Context, status: 404 | 405 | 500, title: string): Response {
  return c.json({ type: "about:blank", title, status }, status, { "Content-Type": "application/problem+json" });
}
