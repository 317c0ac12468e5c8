import assert from "node:assert/strict";
import { accepted } from "../../tests/harness/parsed_config.ts";
import { Announcement } from "./announcement.ts";
import { ReloadError } from "./reload.ts";

Deno.test({
  name:
    "B520, B521: other addresses are announced once the settings are taken, and none where one of them is of no use",
  permissions: "none",
  async fn() {
    const present = accepted(["--announce=192.0.2.1"]);
    const announcement = await Announcement.open(present);
    const next = accepted(["--announce=192.0.2.2,192.0.2.3"]);
    const change = await announcement.prepare(next, present);
    assert.deepEqual(announcement.addresses, ["192.0.2.1"]);
    change();
    assert.deepEqual(announcement.addresses, ["192.0.2.2", "192.0.2.3"]);
    await assert.rejects(announcement.prepare({ ...next, announce: ["2001:db8::1"] }, next), ReloadError);
    (await announcement.prepare(next, next))();
    assert.deepEqual(announcement.addresses, ["192.0.2.2", "192.0.2.3"]);
    announcement.close();
  },
});
