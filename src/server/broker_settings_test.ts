import assert from "node:assert/strict";
import { accepted, refused } from "../../tests/harness/parsed_config.ts";
import { createCertificate } from "../io/dtls/certificate.ts";
import { busOptions } from "./broker_settings.ts";

const permissions = "none";
const PEM = createCertificate(0, ["broker"]).certPem;
const BROKER = "--bus=tls://broker";

Deno.test({
  name: "B444: a server has the broker of its settings, with the certificate authority of the file that they name",
  permissions,
  fn() {
    const none = () => assert.fail("no file is to be read");
    assert.deepEqual(busOptions(accepted([]), none), { ok: true, bus: undefined });
    const bus = { url: "tls://broker", prefix: "switchboard", media: "auto", port: 0 };
    assert.deepEqual(busOptions(accepted([BROKER]), none), { ok: true, bus });
    const all = [
      BROKER,
      "--bus-prefix=a.b",
      "--bus-media=broker",
      "--bus-port=5000",
      "--region=eu",
      "--bus-ca=certs/ca.pem",
    ];
    const read = busOptions(accepted(all), (path) => {
      assert.equal(path, "certs/ca.pem");
      return PEM;
    });
    const others = { prefix: "a.b", media: "broker", port: 5000, region: "eu", caCertificate: PEM };
    assert.deepEqual(read, { ok: true, bus: { ...bus, ...others } });
  },
});

Deno.test({
  name:
    "B444: a certificate authority that cannot be read, is none, or is of no use to the broker, is told with its path",
  permissions,
  fn() {
    const messageOf = (args: string[], read: () => string) => {
      const result = busOptions(accepted([...args, "--bus-ca=ca.pem"]), read);
      return result.ok ? "ok" : result.message;
    };
    const missing = () => {
      throw new Deno.errors.NotFound();
    };
    assert.equal(messageOf([BROKER], missing), "--bus-ca=ca.pem is of no use: there is no such file");
    assert.match(messageOf([BROKER], () => "text"), /^--bus-ca=ca.pem is of no use: .* no certificate in PEM$/);
    assert.match(messageOf(["--bus=redis://broker"], () => PEM), /^--bus-ca=ca.pem is of no use: .* redis:/);
    assert.match(refused(["--bus-ca=ca.pem"]), /^--bus-ca is about the broker/);
  },
});
