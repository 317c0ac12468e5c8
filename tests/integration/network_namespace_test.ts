import { match, rejects, strictEqual } from "node:assert/strict";
import { NAMESPACE_PERMISSIONS, NetworkNamespace, WITHOUT_NAMESPACES } from "../harness/network_namespace.ts";

Deno.test({
  name: "what is done to a network namespace is seen in it alone, and what ip(8) does not take is told",
  ignore: WITHOUT_NAMESPACES,
  permissions: NAMESPACE_PERMISSIONS,
  async fn() {
    await using here = await NetworkNamespace.create();
    await using there = await NetworkNamespace.create();
    await here.join(there);
    await here.ip("address", "add", "10.0.0.1/24", "dev", "eth0");
    const seen = async (namespace: NetworkNamespace) => {
      const { program, args } = namespace.command({ program: "ip", args: ["-oneline", "-4", "address"] });
      return new TextDecoder().decode((await new Deno.Command(program, { args: [...args] }).output()).stdout);
    };
    match(await seen(here), /eth0 +inet 10\.0\.0\.1\/24/);
    strictEqual((await seen(there)).includes("10.0.0.1"), false);
    await rejects(there.ip("address", "add", "10.0.0.256/24", "dev", "eth0"), /ip address add 10\.0\.0\.256/);
  },
});
