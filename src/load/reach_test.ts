import assert from "node:assert/strict";
import { Reach } from "./reach.ts";

const at = (hostname: string, port = 9) => ({ hostname, port });

Deno.test({
  name: "B514: URLs of loopback may be loaded, and of one other host where it is named",
  permissions: "none",
  fn() {
    const refuses = (reach: Reach, url: string) => reach.refusalOf(new URL(url)) !== undefined;
    const [local, wide] = [new Reach(), new Reach("sfu.example.org")];
    for (const url of ["http://localhost:3000", "http://127.0.0.1/whip", "https://127.8.9.1", "http://[::1]:1/"]) {
      assert.equal(refuses(local, url), false, url);
      assert.equal(refuses(wide, url), false, url);
    }
    for (const url of ["http://127.0.0.1.example.org", "http://192.0.2.1", "http://0.0.0.0", "http://[::2]/"]) {
      assert.equal(refuses(local, url), true, url);
      assert.equal(refuses(wide, url), true, url);
    }
    assert.equal(refuses(local, "https://sfu.example.org"), true);
    assert.equal(refuses(wide, "https://sfu.example.org"), false);
    assert.equal(refuses(wide, "https://other.sfu.example.org"), true);
  },
});

Deno.test({
  name: "B514: media goes to an answer's loopback candidate alone, of a host that was named to another one",
  permissions: "none",
  fn() {
    const both = [at("192.0.2.1"), at("::1"), at("name.local"), at("127.0.0.1", 7)];
    assert.deepEqual(new Reach().choose(both), at("127.0.0.1", 7));
    assert.deepEqual(new Reach("127.0.0.1").choose(both), at("127.0.0.1", 7));
    assert.deepEqual(new Reach("sfu.example.org").choose(both), at("192.0.2.1"));
    assert.throws(() => new Reach().choose([at("192.0.2.1"), at("::1")]), /leads to 192\.0\.2\.1, ::1, and to no/);
    assert.throws(() => new Reach("sfu.example.org").choose([at("127.0.0.1")]), /beyond loopback/);
    assert.throws(() => new Reach().choose([]), /no candidate/);
  },
});
