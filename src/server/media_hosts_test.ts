import assert from "node:assert/strict";
import { mediaHostProblem } from "./media_hosts.ts";

Deno.test({
  name: "B79: an address for media that the machine does not have is told with what to do",
  permissions: { net: ["127.0.0.1", "192.0.2.1"] },
  fn() {
    assert.equal(mediaHostProblem(["127.0.0.1"]), undefined);
    assert.equal(
      mediaHostProblem(["127.0.0.1", "192.0.2.1"]),
      "This machine does not have the address 192.0.2.1: choose another one with --media-host=<address>",
    );
  },
});

Deno.test({
  name: "B79: an address for media that the system refuses is told with its reason and what to do",
  permissions: "none",
  fn() {
    assert.equal(
      mediaHostProblem(["fe80::1"], () => {
        // A link-local address without its interface, as Deno tells of it.
        throw new Error("Invalid argument (os error 22)");
      }),
      "Media cannot be on the address fe80::1, Invalid argument (os error 22): choose another one with " +
        "--media-host=<address>",
    );
  },
});

Deno.test({
  name: "another error of the system is a fault, and is thrown on",
  permissions: "none",
  fn() {
    const fault = new Deno.errors.NotCapable("Requires net access");
    assert.throws(() =>
      mediaHostProblem(["127.0.0.1"], () => {
        throw fault;
      }), fault);
  },
});
