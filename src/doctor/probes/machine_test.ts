import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { classes, Message, methods, parseMessage } from "werift";
import { accepted } from "../../../tests/harness/parsed_config.ts";
import { probeMachine } from "./machine.ts";
import { probePorts } from "./ports.ts";

// werift plays the STUN server. Importing it reads the environment: run with --allow-env.

const PERMISSIONS = {
  net: ["127.0.0.1", "localhost", "192.0.2.1"],
  sys: ["networkInterfaces"],
} satisfies Deno.PermissionOptionsObject;
const LOCAL = ["--host=127.0.0.1", "--backend=portable"];

Deno.test({
  name: "B486: each port is free, taken or at no address of this machine, and none stays taken",
  permissions: PERMISSIONS,
  fn() {
    const taken = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const config = accepted([...LOCAL, `--udp-port=${port}`, `--tcp-port=${listener.addr.port}`, "--port=0"]);
    const ports = probePorts(config);
    deepStrictEqual(ports, { http: "free", tcp: "taken", udp: [{ port, state: "taken" }] });
    taken.close();
    listener.close();
    deepStrictEqual(probePorts(config), { http: "free", tcp: "free", udp: [{ port, state: "free" }] });
    strictEqual(probePorts(accepted(["--host=192.0.2.1"])).http, "nowhere");
    strictEqual(probePorts(accepted([...LOCAL, "--udp-ports=40000-40999"])).udp.length, 100);
  },
});

Deno.test({
  name: "B486: a machine that is well is found so, and nothing of it is kept",
  permissions: PERMISSIONS,
  async fn() {
    const { backend, ownAddresses, mediaAddressProblem, announced } = await probeMachine(accepted(LOCAL), Date.now());
    deepStrictEqual([backend.ok, ownAddresses, mediaAddressProblem], [true, ["127.0.0.1"], undefined]);
    deepStrictEqual(announced, { ok: true, addresses: [] });
  },
});

Deno.test({
  name: "B480: an address that is not of this machine, files that are missing and a broker that is away are told",
  permissions: { ...PERMISSIONS, read: ["src"] },
  async fn() {
    const config = accepted([
      ...["--host=192.0.2.1", "--backend=portable", "--tls-cert=src/missing_a.pem", "--tls-key=src/missing_b.pem"],
      ...["--dtls-cert=src/missing_c.pem", "--dtls-key=src/missing_d.pem", "--bus=nats://127.0.0.1:1"],
    ]);
    const { mediaAddressProblem, tlsFiles, dtlsFiles, broker } = await probeMachine(config, Date.now());
    match(mediaAddressProblem ?? "", /192\.0\.2\.1/);
    match(tlsFiles?.ok === false ? tlsFiles.reason : "", /--tls-cert=src\/missing_a\.pem/);
    match(dtlsFiles?.ok === false ? dtlsFiles.reason : "", /--dtls-cert=src\/missing_c\.pem/);
    ok(broker !== undefined && !broker.ok && !broker.isRefusal);
    strictEqual(broker.name, "nats://127.0.0.1:1");
  },
});

Deno.test({
  name: "B480: the address that a STUN server sees is told, and that one does not answer",
  permissions: PERMISSIONS,
  async fn() {
    const stun = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const answering = (async () => {
      const [bytes, from] = await stun.receive();
      const asked = parseMessage(Buffer.from(bytes));
      const answer = new Message(methods.BINDING, classes.RESPONSE, asked?.transactionId)
        .setAttribute("XOR-MAPPED-ADDRESS", ["198.51.100.9", 4711]);
      await stun.send(answer.bytes, from);
    })();
    const url = `stun:127.0.0.1:${(stun.addr as Deno.NetAddr).port}`;
    const { seenFrom } = await probeMachine(accepted([...LOCAL, `--stun=${url},stuns:127.0.0.1`]), Date.now());
    await answering;
    stun.close();
    deepStrictEqual(seenFrom, [{ url, address: "198.51.100.9" }, { url: "stuns:127.0.0.1" }]);
  },
});
