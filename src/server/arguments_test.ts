import assert from "node:assert/strict";
import { splitArguments } from "./arguments.ts";

const FLAGS = ["--port", "--log"];

Deno.test({
  name: "a value follows its flag behind an equals sign or as the next word",
  permissions: "none",
  fn() {
    const { values, problems } = splitArguments(["--port=1", "--log", "switchboard=info"], FLAGS);
    assert.deepEqual([...values], [["--port", "1"], ["--log", "switchboard=info"]]);
    assert.deepEqual(problems, []);
  },
});

Deno.test({
  name: "only the first equals sign divides a flag from its value",
  permissions: "none",
  fn() {
    assert.equal(splitArguments(["--log=a=b"], FLAGS).values.get("--log"), "a=b");
  },
});

Deno.test({
  name: "a lone -- is skipped",
  permissions: "none",
  fn() {
    const { values, problems } = splitArguments(["--", "--port=1"], FLAGS);
    assert.equal(values.get("--port"), "1");
    assert.deepEqual(problems, []);
  },
});

for (const help of ["--help", "-h"]) {
  Deno.test({
    name: `${help} asks for help`,
    permissions: "none",
    fn() {
      assert.equal(splitArguments(["--port=1", help], FLAGS).help, true);
    },
  });
}

for (
  const { args, problem } of [
    { args: ["--prot=1"], problem: "--prot is not known: allowed are --port, --log and --help" },
    { args: ["--prot", "1"], problem: "--prot is not known: allowed are --port, --log and --help" },
    { args: ["8080"], problem: "8080 is not known: allowed are --port, --log and --help" },
    { args: ["--port"], problem: "--port has no value: give it as --port=<value>" },
    { args: ["--port="], problem: "--port has no value: give it as --port=<value>" },
    { args: ["--port", "--log=info"], problem: "--port has no value: give it as --port=<value>" },
    { args: ["--port=1", "--port", "2"], problem: "--port is given twice: 1 and 2" },
  ]
) {
  Deno.test({
    name: `B71: "${args.join(" ")}" is one problem, in words`,
    permissions: "none",
    fn() {
      assert.deepEqual(splitArguments(args, FLAGS).problems, [problem]);
    },
  });
}

Deno.test({
  name: "a switch alone means yes, takes no word behind it, and may be given its value",
  permissions: "none",
  fn() {
    const split = (...args: string[]) => splitArguments(args, [...FLAGS, "--safe"], { switches: ["--safe"] });
    assert.deepEqual([...split("--safe", "--port", "1").values], [["--safe", "yes"], ["--port", "1"]]);
    assert.equal(split("--safe=no").values.get("--safe"), "no");
    assert.deepEqual(split("--safe", "yes").problems, [
      "yes is not known: allowed are --port, --log, --safe and --help",
    ]);
    assert.deepEqual(split("--safe", "--safe=no").problems, ["--safe is given twice: yes and no"]);
  },
});
