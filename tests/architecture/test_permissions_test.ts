import { deepStrictEqual } from "node:assert/strict";
import { READ_REPOSITORY, readSources } from "./repository.ts";
import { permissionViolations } from "./test_permissions.ts";

Deno.test({
  name: "every test declares its permissions",
  permissions: READ_REPOSITORY,
  fn() {
    deepStrictEqual(permissionViolations(readSources()), []);
  },
});

const count = (text: string): number => permissionViolations([{ path: "a_test.ts", text }]).length;

Deno.test({
  name: "a test without permissions is found, whatever stands inside it",
  permissions: "none",
  fn() {
    deepStrictEqual(count(`Deno.test("a", () => {});`), 1);
    deepStrictEqual(count(`Deno.test({ name: "a", fn() {} });`), 1);
    deepStrictEqual(count(`Deno.test({ name: "a", fn() { f({ permissions: "none" }); } });`), 1);
    deepStrictEqual(count(`Deno.test({ ...options });`), 1);
    deepStrictEqual(count(`Deno.test({ name: "a", permissions: "inherit", fn });`), 1);
    deepStrictEqual(count(`Deno.test({ name: "permissions: none", fn }); // permissions: none`), 1);
  },
});

Deno.test({
  name: "a test under another name, or one that hides others, is found",
  permissions: "none",
  fn() {
    deepStrictEqual(count(`const test = Deno.test;`), 1);
    deepStrictEqual(count(`Deno.test.only({ name: "a", permissions: "none", fn });`), 1);
    deepStrictEqual(count(`Deno.test({ name: "a", only: true, permissions: "none", fn });`), 1);
  },
});

Deno.test({
  name: "a test that declares permissions in any form passes",
  permissions: "none",
  fn() {
    deepStrictEqual(count(`Deno.test({ name: "a", permissions: "none", fn() { g({}); } });`), 0);
    deepStrictEqual(count(`Deno.test({\n  name,\n  permissions: { net: ["127.0.0.1"] },\n  async fn() {},\n});`), 0);
    deepStrictEqual(count(`Deno.test({ name, permissions, fn });`), 0);
  },
});
