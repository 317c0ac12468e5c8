import { z } from "zod";
import { type Answer, type Operation, OPERATIONS } from "./operations.ts";
import { ADMIN_PROBLEMS, type AdminProblemCode, COMMON_PROBLEMS } from "./problems.ts";
import { PATH_PARAMETERS, type PathParameter, SCHEMAS } from "./schemas.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** The OpenAPI document (3.1.1) of the admin API. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    (paths[operation.path] ??= {})[operation.method] = describeOperation(id, operation);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Switchboard admin API",
      version: "1",
      description: "Rooms, peers and tracks of a server, seen and acted on by tokens with the `admin` grant.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: namedSchemas(),
    },
  };
}

function describeOperation(operationId: string, operation: Operation): object {
  const { summary, description, body } = operation;
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    parameters: [...pathParameters(operation.path), ...queryParameters(operation.query)],
    ...(body !== undefined &&
      { requestBody: { required: true, content: { "application/json": { schema: refTo(body) } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(operation.answers).map(([status, answer]) => [status, describe(answer)])),
      ...problemsOf([...COMMON_PROBLEMS, ...operation.problems, ...(body === undefined ? [] : BODY_PROBLEMS)]),
    },
  };
}

const BODY_PROBLEMS = ["too-large", "wrong-type"] as const satisfies readonly AdminProblemCode[];

function describe(answer: Answer): object {
  if (answer === null) return { description: "It is done" };
  if (answer instanceof z.ZodType) {
    return { description: "It is as the schema says", content: { "application/json": { schema: refTo(answer) } } };
  }
  return { description: answer.means, content: { [answer.contentType]: { schema: { type: "string" } } } };
}

function problemsOf(codes: readonly AdminProblemCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => ADMIN_PROBLEMS[code].status);
  return Object.fromEntries([...byStatus].map(([status, same]) => [`${status}`, {
    description: same.map((code) => `\`${code}\`: ${ADMIN_PROBLEMS[code].means}`).join("; "),
    content: { "application/problem+json": { schema: refTo(SCHEMAS.Problem) } },
  }]));
}

function pathParameters(path: string): object[] {
  return pathParametersOf(path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: inline(PATH_PARAMETERS[name]),
  }));
}

/** The names in braces. */
export function pathParametersOf(path: string): PathParameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as PathParameter);
}

function queryParameters(query: z.ZodObject | undefined): object[] {
  if (query === undefined) return [];
  return Object.entries<z.ZodType>(query.shape).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: inline(schema),
  }));
}

const NAMES = new Map<z.ZodType, string>(Object.entries(SCHEMAS).map(([name, schema]) => [schema, name]));

const pathOf = (name: string) => `#/components/schemas/${name}`;

function refTo(schema: z.ZodType): JsonSchema {
  const name = NAMES.get(schema);
  if (name === undefined) throw new Error("a schema of an operation has no name");
  return { $ref: pathOf(name) };
}

function namedSchemas(): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ readonly id: string }>();
  for (const [schema, id] of NAMES) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: pathOf, io: "input" });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]));
}

function inline(schema: z.ZodType): JsonSchema {
  return bare(z.toJSONSchema(schema, { io: "input" }));
}

/** OpenAPI says which JSON Schema it has, and where it is. */
function bare({ $schema: _, $id: __, ...schema }: z.core.JSONSchema.BaseSchema): JsonSchema {
  return schema;
}
