import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { environmentOf, type Machine, type Program, provision } from "./provision.ts";

const program: Program = { name: "chromium", variable: "CHROME", debianPackage: "chromium" };

interface FakeMachine extends Machine {
  readonly commands: string[];
  readonly lines: string[];
}

/** A machine with these programs; apt-get, where there is one, installs chromium unless it fails. */
function machine(programs: string[], options: { isRoot: boolean; aptFails?: boolean }): FakeMachine {
  const paths = new Set(programs);
  const commands: string[] = [];
  const lines: string[] = [];
  return {
    commands,
    lines,
    isRoot: options.isRoot,
    find: (name) => [...paths].find((path) => path === name || path.endsWith(`/${name}`)),
    execute: (command) => {
      commands.push(command.join(" "));
      if (command.includes("install") && !options.aptFails) paths.add("/usr/bin/chromium");
      return Promise.resolve(!options.aptFails);
    },
    print: (line) => void lines.push(line),
  };
}

Deno.test({
  name: "a program that is there is used, and nothing is run or said",
  permissions: "none",
  async fn() {
    const here = machine(["/usr/bin/chromium", "/opt/chrome", "/usr/bin/apt-get"], { isRoot: true });
    strictEqual((await provision(program, undefined, here)).path, "/usr/bin/chromium");
    strictEqual((await provision(program, "/opt/chrome", here)).path, "/opt/chrome");
    deepStrictEqual([...here.commands, ...here.lines], []);
  },
});

Deno.test({
  name: "a missing program is installed from Debian by root",
  permissions: "none",
  async fn() {
    const debian = machine(["/usr/bin/apt-get"], { isRoot: true });
    strictEqual((await provision(program, "", debian)).path, "/usr/bin/chromium");
    deepStrictEqual(debian.commands, ["apt-get update", "apt-get install -y --no-install-recommends chromium"]);
  },
});

Deno.test({
  name: "where it cannot be installed the exact command is printed, and the program is missing",
  permissions: "none",
  async fn() {
    for (
      const elsewhere of [
        machine(["/usr/bin/apt-get"], { isRoot: false }),
        machine([], { isRoot: true }),
        machine(["/usr/bin/apt-get"], { isRoot: true, aptFails: true }),
      ]
    ) {
      strictEqual((await provision(program, undefined, elsewhere)).path, undefined);
      match(
        elsewhere.lines.join("\n"),
        /sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium\n/,
      );
    }
  },
});

Deno.test({
  name: "a path that the user gives and that is no program is refused, and nothing is installed",
  permissions: "none",
  async fn() {
    const debian = machine(["/usr/bin/chromium", "/usr/bin/apt-get"], { isRoot: true });
    await rejects(provision(program, "/opt/gone", debian), /CHROME=\/opt\/gone is no program/);
    deepStrictEqual(debian.commands, []);
  },
});

Deno.test({
  name: "the suites learn where programs are and which are missing",
  permissions: "none",
  fn() {
    deepStrictEqual(environmentOf([{ program, path: "/a" }]), { CHROME: "/a", SKIP_PROGRAMS: "" });
    deepStrictEqual(environmentOf([{ program }]), { CHROME: "", SKIP_PROGRAMS: "chromium" });
    const other: Program = { name: "firefox-esr", variable: "FIREFOX", debianPackage: "firefox-esr" };
    deepStrictEqual(environmentOf([{ program }, { program: other }]), {
      CHROME: "",
      FIREFOX: "",
      SKIP_PROGRAMS: "chromium,firefox-esr",
    });
  },
});
