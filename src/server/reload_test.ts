import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { parseConfig } from "./config.ts";
import { accepted } from "../../tests/harness/parsed_config.ts";
import type { Config } from "./config_schema.ts";
import { configureLogs } from "./log.ts";
import { changesOf, Reload, ReloadError, type ReloadPart } from "./reload.ts";
import { ReloadSignal } from "./reload_signal.ts";

const SECRET = "s".repeat(32);
const OTHER_SECRET = "t".repeat(32);

Deno.test({
  name: "B521: what reloads is taken, and what needs a restart stays and is named",
  permissions: "none",
  fn() {
    const present = accepted(["--max-rooms=5", "--port=1", "--log=debug"]);
    const next = accepted(["--max-rooms=6", "--port=2", "--log=debug", "--drain=9"]);
    const { config, taken, waiting } = changesOf(present, next);
    assert.deepEqual(config, { ...present, maxRooms: 6, drain: 9 });
    assert.deepEqual([taken, waiting], [["--max-rooms", "--drain"], ["--port"]]);
    assert.equal(config.log, present.log);
  },
});

Deno.test({
  name: "B521: tokens and HTTPS get other keys and files, but neither begin nor end while the server runs",
  permissions: "none",
  fn() {
    const open = accepted([]);
    const closed = accepted([`--auth-secret=${SECRET}`, "--tls-cert=a", "--tls-key=b"]);
    const flags = ["--tls-cert", "--tls-key", "--auth-secret"];
    for (const [present, next] of [[open, closed], [closed, open]]) {
      assert.deepEqual(changesOf(present, next), { config: present, taken: [], waiting: flags });
    }
    const byKeys = accepted(["--auth-jwks=https://a.example/", "--tls-cert=c", "--tls-key=b"]);
    assert.deepEqual(changesOf(closed, byKeys).taken, ["--tls-cert", "--auth-secret", "--auth-jwks"]);
  },
});

/** A server whose file of settings a test writes, with one part that takes what it can and one that may refuse. */
class Scene {
  readonly lines: string[] = [];
  readonly changed: number[] = [];
  file = "MAX_ROOMS=5";
  refusal: string | undefined;
  /** What reading the settings throws. */
  fault: Error | undefined;
  readonly reload: Reload;

  constructor(parts: readonly ReloadPart[] = []) {
    const read = () => {
      if (this.fault !== undefined) throw this.fault;
      return parseConfig(["--config-file=a.env"], {}, () => this.file);
    };
    const taking = { prepare: ({ maxRooms }: Config) => () => void this.changed.push(maxRooms) };
    const refusing = {
      prepare: () => {
        if (this.refusal !== undefined) throw new ReloadError(this.refusal);
        return () => {};
      },
    };
    const result = read();
    assert(result.ok && !result.help);
    this.reload = new Reload({ config: result.config, read, parts: [taking, refusing, ...parts] });
  }
}

async function withScene(test: (scene: Scene) => Promise<void>, parts?: readonly ReloadPart[]): Promise<void> {
  const scene = new Scene(parts);
  const write = (line: string) => void scene.lines.push(line.replace(/^\S+ /, "").trimEnd());
  configureLogs([{ area: [], level: "info" }], { write, colors: false });
  try {
    await test(scene);
  } finally {
    resetSync();
  }
}

Deno.test({
  name: "B521: a file that has changed is in force, and what needs a restart is named each time",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6\nPORT=1";
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms, scene.reload.config.port], [[6], 6, 3000]);
      await scene.reload.reload();
      const waiting = "WARN  switchboard these settings need a restart: --port";
      assert.deepEqual(scene.lines, [
        "INFO  switchboard the settings were read again; changed: --max-rooms",
        waiting,
        "INFO  switchboard the settings were read again; changed: none",
        waiting,
      ]);
    });
  },
});

Deno.test({
  name: "B520: a line of no use changes nothing, and is told with all others by its place",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6\nMAX_PEERS=0\nnonsense";
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms], [[], 5]);
      assert.equal(scene.lines.length, 2);
      assert.match(scene.lines[0], /^ERROR switchboard the settings stay as they are: .*a\.env:3: this is no line/);
      assert.match(scene.lines[1], /a\.env:2: MAX_PEERS=0 is not allowed/);
    });
  },
});

Deno.test({
  name: "B520: a part that cannot have what is asked for keeps all others from changing",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6";
      scene.refusal = "no\nway";
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms, scene.lines.length], [[], 5, 2]);
      scene.refusal = undefined;
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms], [[6], 6]);
    });
  },
});

Deno.test({
  name: "B520: a fault of the server is told, and the next reload is another one",
  permissions: "none",
  async fn() {
    let isFaulty = true;
    const faulty: ReloadPart = {
      prepare: () => {
        if (isFaulty) throw new TypeError("a bug");
        return () => {};
      },
    };
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6";
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms], [[], 5]);
      assert.match(scene.lines[0], /stay as they are: "a fault of the server: a bug"/);
      isFaulty = false;
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms], [[6], 6]);
    }, [faulty]);
  },
});

Deno.test({
  name: "B520: a fault in reading the settings is told as well, and no later reload is lost by it",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6";
      scene.fault = new TypeError("a bug");
      await scene.reload.reload();
      assert.match(scene.lines[0], /stay as they are: "a fault of the server: a bug"/);
      scene.fault = undefined;
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.maxRooms], [[6], 6]);
    });
  },
});

Deno.test({
  name: "B520: what contradicts a setting that needs a restart is refused with it",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      scene.file = "MEDIA_HOST=::\nANNOUNCE=2001:db8::1\nMAX_ROOMS=6";
      await scene.reload.reload();
      assert.deepEqual([scene.changed, scene.reload.config.announce], [[], []]);
      assert.match(
        scene.lines[0],
        /stay as they are: .*--announce names 2001:db8::1, but media is on 0\.0\.0\.0 alone/,
      );
    });
  },
});

Deno.test({
  name: "B520: one reload begins when the one before has ended",
  permissions: "none",
  async fn() {
    const names = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    const slow: ReloadPart = { prepare: () => names[begun++].promise.then(() => () => {}) };
    await withScene(async (scene) => {
      scene.file = "MAX_ROOMS=6";
      const first = scene.reload.reload();
      const second = scene.reload.reload();
      names[1].resolve();
      await Promise.resolve();
      assert.deepEqual(scene.changed, []);
      scene.file = "MAX_ROOMS=7";
      names[0].resolve();
      await first;
      await second;
      assert.deepEqual([begun, scene.changed], [2, [6, 7]]);
    }, [slow]);
  },
});

Deno.test({
  name: "B520: secrets stand in no line of the log",
  permissions: "none",
  async fn() {
    await withScene(async (scene) => {
      for (const file of [`AUTH_SECRET=${OTHER_SECRET}`, "TURN_SECRET=north", "AUTH_SECRET=north", `x ${SECRET}`]) {
        scene.file = file;
        await scene.reload.reload();
      }
      assert(scene.lines.every((line) => !/north|sss|ttt/.test(line)), scene.lines.join("\n"));
    });
  },
});

Deno.test({
  name: "B520: a signal that comes while the server starts is heard when it has",
  permissions: "none",
  fn() {
    let signal = () => {};
    let heard = 0;
    const reloads = new ReloadSignal((handler) => signal = handler);
    signal();
    signal();
    reloads.listen(() => heard++);
    assert.equal(heard, 1);
    signal();
    assert.equal(heard, 2);
  },
});
