import assert from "node:assert/strict";
import { accepted, refused } from "../../tests/harness/parsed_config.ts";
import { webhookOptions } from "./webhook_settings.ts";

const SECRETS = [24, 64].map((bytes) => `whsec_${new Uint8Array(bytes).toBase64()}`);
const [SECRET] = SECRETS;
const permissions = "none";

Deno.test({
  name:
    "B511: without --webhook nobody is told; with it all are, by the secrets, and not inside unless that is allowed",
  permissions,
  fn() {
    assert.equal(webhookOptions(accepted([], { WEBHOOK_SECRET: SECRET })), undefined);
    const urls = ["https://a.example/hook?token=north", "https://[2606:4700::1]:8443/"];
    const given = accepted([`--webhook=${urls}`], { WEBHOOK_SECRET: SECRETS.join() });
    assert.deepEqual(webhookOptions(given), { urls, secret: SECRETS, allowPrivate: false });
    const inside = accepted(["--webhook=http://app:3000/", "--webhook-private", `--webhook-secret=${SECRET}`], {});
    assert.deepEqual(webhookOptions(inside), { urls: ["http://app:3000/"], secret: [SECRET], allowPrivate: true });
  },
});

Deno.test({
  name: "B511: what is no URL or no secret is refused, and neither is repeated",
  permissions,
  fn() {
    const tooMany = Array.from({ length: 9 }, (_, at) => `https://north.example/${at}`).join();
    for (const wrong of ["north", "ftp://north/", "https://a:north@b.example/", "https://b.example/#north", tooMany]) {
      const message = refused([`--webhook=${wrong}`], { WEBHOOK_SECRET: SECRET });
      assert.match(message, /^--webhook is not allowed: expected up to 8 https URLs without credentials/);
      assert.doesNotMatch(message, /north/);
    }
    const secret = refused(["--webhook=https://a.example/"], { WEBHOOK_SECRET: `${SECRET},north` });
    assert.match(secret, /^WEBHOOK_SECRET is not allowed: expected whsec_/);
    assert.doesNotMatch(secret, /north|AAAA/);
  },
});

Deno.test({
  name: "B511: webhooks without a secret, and by http where that is not allowed, are refused with what to do",
  permissions,
  fn() {
    assert.deepEqual(refused(["--webhook=http://north.example/"], {}).split("\n"), [
      "--webhook needs the secret that requests are signed by: give it by WEBHOOK_SECRET",
      "--webhook has a URL of http, which everybody on the way can read: --webhook-private=yes allows it",
    ]);
  },
});
