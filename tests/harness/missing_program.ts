/** Whether the test runner found no program of this name: the tests that need it are skipped then. */
export function isMissing(program: string): boolean {
  return (Deno.env.get("SKIP_PROGRAMS") ?? "").split(",").includes(program);
}
