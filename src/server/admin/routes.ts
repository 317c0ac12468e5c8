import { getLogger } from "@logtape/logtape";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import type { CrossOrigin, HttpContext, HttpEnvironment, RequestRulesOptions } from "../request_rules.ts";
import { requestRules } from "../request_rules.ts";
import { type AccessOptions, authorize, refuseScope, sendRefusal } from "./access.ts";
import { openApiDocument, pathParametersOf } from "./openapi.ts";
import type { Administrator, AnswerOf, Call, Operation, OperationId } from "./operations.ts";
import { OPERATIONS } from "./operations.ts";
import { type Refusal, refusal } from "./problems.ts";
import { PATH_PARAMETERS } from "./schemas.ts";

const log = getLogger(["switchboard", "http"]);

/** Bytes of a body. */
const MAX_BODY = 64 * 1024;
const CROSS_ORIGIN: CrossOrigin = {
  methods: "OPTIONS, GET, PUT, POST, DELETE",
  headers: "Authorization, Content-Type, Last-Event-ID",
  exposed: "Allow, WWW-Authenticate, Retry-After",
};

/** What one operation does. */
export type Handler<Id extends OperationId> = (
  call: Call<Id>,
) => AnswerOf<Id> | Refusal | Promise<AnswerOf<Id> | Refusal>;

export type Handlers = { readonly [Id in OperationId]: Handler<Id> };

interface AnyAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** As the routes see them, whose calls and answers the table of operations has. */
type AnyHandler = (call: never) => AnyAnswer | Refusal | Response | Promise<AnyAnswer | Refusal | Response>;

export interface AdminRoutesOptions extends RequestRulesOptions, AccessOptions {
  readonly handlers: Handlers;
}

/** `/api/`: the routes of the table of operations, and the document that describes them. */
export function createAdminRoutes(options: AdminRoutesOptions): Hono<HttpEnvironment> {
  const app = new Hono<HttpEnvironment>();
  app.use("/api/*", notStored, ...requestRules(options, CROSS_ORIGIN));
  let document: object | undefined;
  app.get("/api/openapi.json", (c) => c.json(document ??= openApiDocument()));
  const operations = Object.entries<Operation>(OPERATIONS) as [OperationId, Operation][];
  for (const [path, same] of Map.groupBy(operations, ([, { path }]) => path)) addPath(app, path, same, options);
  app.all("/api/*", (c) => sendRefusal(c, refusal("unknown-operation", "there is no such operation")));
  return app;
}

function addPath(
  app: Hono<HttpEnvironment>,
  path: string,
  operations: readonly (readonly [OperationId, Operation])[],
  options: AdminRoutesOptions,
): void {
  const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
  const methods = operations.map(([, { method }]) => method.toUpperCase());
  const allow = { "Allow": ["OPTIONS", ...methods].join(", ") };
  app.options(route, (c) => c.body(null, 204, allow));
  for (const [id, operation] of operations) {
    const handler: AnyHandler = options.handlers[id];
    const method = operation.method.toUpperCase();
    if (operation.body !== undefined) app.on(method, route, limited);
    app.on(method, route, (c) => run(c, operation, handler, options));
  }
  app.all(route, (c) => sendRefusal(c, refusal("wrong-method", `${c.req.method} is not one of ${allow.Allow}`), allow));
}

async function run(
  c: HttpContext,
  operation: Operation,
  handler: AnyHandler,
  options: AdminRoutesOptions,
): Promise<Response> {
  const administrator = await authorize(c, options);
  if (administrator instanceof Response) return administrator;
  const input = await readInput(c, operation);
  if ("problem" in input) return sendRefusal(c, input);
  const beyond = refuseScope(administrator, operation.scope, input.room);
  if (beyond !== undefined) return sendRefusal(c, beyond);
  const call = { ...input, administrator, header: (name: string) => c.req.header(name) };
  const answer = await handler(call as never);
  if (operation.method !== "get") tellOf(c, administrator, answer);
  if (answer instanceof Response) return c.req.method === "HEAD" ? await withoutBody(answer) : answer;
  if ("problem" in answer) return sendRefusal(c, answer);
  return answer.body === undefined ? c.body(null, 204) : c.json(answer.body, answer.status as 200);
}

/** Nobody reads the body of an answer to HEAD (RFC 9110 section 9.3.2), so that what is to be told there would wait for ever. */
async function withoutBody({ body, status, headers }: Response): Promise<Response> {
  await body?.cancel();
  return new Response(null, { status, headers });
}

/** Who has done what is in the log, whatever the body said. */
function tellOf(
  c: HttpContext,
  { identity = "somebody" }: Administrator,
  answer: Awaited<ReturnType<AnyHandler>>,
): void {
  const result = "problem" in answer ? answer.problem : answer.status;
  log.info("{identity} administers: {method} {path}: {result}", {
    identity,
    method: c.req.method,
    path: c.req.path,
    result,
    address: c.env.address,
  });
}

interface Input {
  readonly room: string;
  readonly peer: string;
  readonly track: string;
  readonly query: unknown;
  readonly body: unknown;
}

async function readInput(c: HttpContext, { path, query, body }: Operation): Promise<Input | Refusal> {
  const parameters: Record<string, string> = { room: "", peer: "", track: "" };
  for (const name of pathParametersOf(path)) {
    const parsed = PATH_PARAMETERS[name].safeParse(c.req.param(name));
    if (!parsed.success) return badRequest(parsed.error, name);
    parameters[name] = parsed.data;
  }
  const parsedQuery = query?.safeParse(c.req.query());
  if (parsedQuery?.success === false) return badRequest(parsedQuery.error);
  const parsedBody = body === undefined ? undefined : await readBody(c, body);
  if (parsedBody !== undefined && "problem" in parsedBody) return parsedBody;
  const { room, peer, track } = parameters;
  return { room, peer, track, query: parsedQuery?.data, body: parsedBody?.data };
}

async function readBody(c: HttpContext, schema: z.ZodType): Promise<{ readonly data: unknown } | Refusal> {
  const given = c.req.header("Content-Type")?.split(";")[0].trim().toLowerCase();
  if (given !== "application/json") {
    return refusal("wrong-type", `Content-Type is ${given ?? "missing"}: expected application/json`);
  }
  let value: unknown;
  try {
    value = await c.req.json();
  } catch {
    return refusal("bad-request", "the body is no JSON");
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { data: parsed.data } : badRequest(parsed.error, "body");
}

/** Says which part is wrong, and repeats nothing of it. */
function badRequest({ issues: [{ path, message }] }: z.ZodError, where?: string): Refusal {
  const place = [...(where === undefined ? [] : [where]), ...path].join(".");
  return refusal("bad-request", `${place}: ${message}`);
}

const notStored: MiddlewareHandler = async (c, next) => {
  c.header("Cache-Control", "no-store");
  await next();
};

const limited = bodyLimit({
  maxSize: MAX_BODY,
  onError: (c) => sendRefusal(c as HttpContext, refusal("too-large", `the body is over ${MAX_BODY} bytes`)),
});
