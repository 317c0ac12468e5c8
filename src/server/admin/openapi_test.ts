import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { openApiDocument } from "./openapi.ts";
import { type Operation, OPERATIONS } from "./operations.ts";
import { ADMIN_PROBLEM_CODES } from "./problems.ts";

const ROOT = new URL("../../../", import.meta.url);
/** By the authors of OpenAPI: https://spec.openapis.org/oas/3.1/schema/2025-02-13 */
const SCHEMA = new URL("tests/fixtures/openapi_3.1_schema.json", ROOT);
const PAGE = new URL("docs/admin.md", ROOT);

const document = JSON.parse(JSON.stringify(openApiDocument()));

Deno.test({
  name: "B493: the document is one of OpenAPI 3.1, and so is each schema in it",
  permissions: { read: [SCHEMA] },
  fn() {
    // The schema of the authors leaves the schemas inside to JSON Schema.
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile(JSON.parse(Deno.readTextFileSync(SCHEMA)));
    const isValid: boolean = validate(document);
    assert.ok(isValid, ajv.errorsText(validate.errors));
    for (const [name, schema] of Object.entries<object>(document.components.schemas)) {
      assert.equal(ajv.validateSchema(schema), true, `${name}: ${ajv.errorsText(ajv.errors)}`);
    }
  },
});

Deno.test({
  name:
    "B493: the document has each operation of the table, with its parameters, and each path of the document is told",
  permissions: { read: [PAGE] },
  fn() {
    const page = Deno.readTextFileSync(PAGE);
    for (const [id, { method, path }] of Object.entries<Operation>(OPERATIONS)) {
      const operation = document.paths[path][method];
      assert.equal(operation.operationId, id);
      const named = operation.parameters.filter((each: { in: string }) => each.in === "path")
        .map(({ name }: { name: string }) => `{${name}}`);
      assert.deepEqual(named, path.match(/\{\w+\}/g) ?? []);
      assert.match(page, new RegExp(`\\| \`${method.toUpperCase()} ${path.replace(/[{}]/g, "\\$&")}\` +\\|`), id);
    }
    for (const code of ADMIN_PROBLEM_CODES) assert.match(page, new RegExp(`\\| \`${code}\` +\\|`), code);
  },
});
