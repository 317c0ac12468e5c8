/** The admin API over a Switchboard of this isolate, without a port, and its answers held against its own document. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { AdminApi } from "../../src/server/admin/admin_api.ts";
import { openApiDocument } from "../../src/server/admin/openapi.ts";
import { type Operation, OPERATIONS } from "../../src/server/admin/operations.ts";
import type { LogControl } from "../../src/server/log_control.ts";
import { parseLogFilter } from "../../src/server/log_filter.ts";
import { originRule } from "../../src/server/origins.ts";
import { createTokenVerifier } from "../../src/server/token_verifier.ts";
import { SECRET, secretToken } from "./tokens.ts";
import type { setUp } from "./switchboard_setup.ts";

export interface AdminRequest {
  /** Undefined for none. */
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AdminAnswer {
  readonly status: number;
  /** Parsed; tests look at what they expect. */
  readonly body: ReturnType<JSON["parse"]>;
  readonly headers: Headers;
}

/** A token with the `admin` grant for rooms that fit. */
export function adminToken(room = "*", claims: object = {}): Promise<string> {
  return secretToken({ exp: 60, switchboard: { room, admin: true }, ...claims });
}

/** Logs that are nowhere written. */
class FakeLogs implements LogControl {
  filter = "info";

  setFilter(filter: string): boolean {
    const isFilter = parseLogFilter(filter) !== undefined;
    if (isFilter) this.filter = filter;
    return isFilter;
  }
}

export function administer(
  { switchboard }: Pick<ReturnType<typeof setUp>, "switchboard">,
  { hasAuth = true, hasLogs = true }: { readonly hasAuth?: boolean; readonly hasLogs?: boolean } = {},
) {
  const refused: string[] = [];
  const api = new AdminApi({
    switchboard,
    tokens: hasAuth ? createTokenVerifier({ secret: SECRET }) : undefined,
    logs: hasLogs ? new FakeLogs() : undefined,
    backend: { name: "portable", reason: "as a test wants it", workers: 0, tcpPort: undefined },
    cluster: () => undefined,
    drain: (seconds) => void switchboard.drain(seconds),
    allowsOrigin: originRule([]),
    refused: (code) => void refused.push(code),
    tooMany: () => undefined,
  });
  const fetch = async (method: string, path: string, { token, body, headers }: AdminRequest = {}) =>
    await api.routes.request(path, {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }, { address: "192.0.2.1" });
  /** What comes of a request, which must be as the document says. */
  const ask = async (method: string, path: string, request?: AdminRequest): Promise<AdminAnswer> => {
    const response = await fetch(method, path, request);
    const text = await response.text();
    const answer = {
      status: response.status,
      body: text === "" ? undefined : JSON.parse(text),
      headers: response.headers,
    };
    checkAnswer(method, path, answer);
    return answer;
  };
  return { ask, fetch, refused, close: () => api.close() };
}

const document = JSON.parse(JSON.stringify(openApiDocument()));
const ajv = new Ajv2020({ strict: true, validateFormats: false, allowUnionTypes: true });
ajv.addVocabulary(["components"]);

/** Throws where an answer is none of those that the document has for its operation, or has what the document has not. */
function checkAnswer(method: string, path: string, { status, body, headers }: AdminAnswer): void {
  const found = Object.entries<Operation>(OPERATIONS).find(([, operation]) =>
    operation.method === method.toLowerCase() && patternOf(operation.path).test(path.split("?")[0])
  );
  if (found === undefined) return;
  const [id, operation] = found;
  const described = document.paths[operation.path][operation.method].responses[status];
  assert.ok(described, `${id} answers ${status}, which its document does not have: ${JSON.stringify(body)}`);
  if (described.content === undefined) return assert.equal(body, undefined);
  const [[contentType, { schema }]] = Object.entries<{ schema: object }>(described.content);
  assert.equal(headers.get("Content-Type")?.split(";")[0], contentType);
  const validate = ajv.compile({ ...schema, components: document.components });
  assert.ok(validate(body), `${id}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
  const answer = operation.answers[status];
  // What the schema does not know is taken away.
  if (answer !== undefined && answer !== null && "parse" in answer) assert.deepEqual(answer.parse(body), body);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}
