import assert from "node:assert/strict";
import { FLAG_NAMES, helpText } from "./flags.ts";
import { type LoadSettings, parseSettings } from "./settings.ts";

function settingsOf(...args: string[]): LoadSettings {
  const result = parseSettings(args);
  if (!result.ok || result.help) throw new Error(`no settings: ${JSON.stringify(result)}`);
  return result.settings;
}

function messageOf(...args: string[]): string {
  const result = parseSettings(args);
  if (result.ok) throw new Error("nothing is refused");
  return result.message;
}

Deno.test({
  name: "B513: without flags a Switchboard on this machine is loaded by WHIP and WHEP",
  permissions: "none",
  fn() {
    const { endpoints, video, audio, rooms, publishers, subscribers, step, steps, loss } = settingsOf();
    assert.deepEqual(endpoints, {
      transport: "whip",
      whip: "http://127.0.0.1:3000/whip/{room}",
      whep: "http://127.0.0.1:3000/whep/{room}",
    });
    assert.deepEqual(video, { bitsPerSecond: 2_000_000, fps: 30 });
    assert.deepEqual({ audio, rooms, publishers, subscribers, step, steps, loss }, {
      audio: false,
      rooms: 1,
      publishers: 1,
      subscribers: 10,
      step: 10,
      steps: 4,
      loss: 0,
    });
  },
});

Deno.test({
  name: "B513: flags say how peers join and what they send",
  permissions: "none",
  fn() {
    const settings = settingsOf("--url=https://localhost:1/", "--transport", "websocket", "--audio", "--bitrate=1500k");
    assert.deepEqual(settings.endpoints, { transport: "websocket", url: "wss://localhost:1/ws" });
    assert.deepEqual([settings.audio, settings.video?.bitsPerSecond], [true, 1_500_000]);
    assert.equal(settingsOf("--video=no", "--audio").video, null);
    assert.deepEqual(settingsOf("--loss=2.5%", "--simulcast", "--pid=12").loss, 0.025);
    const other = settingsOf("--whip=http://127.0.0.1/{room}/whip", "--whep=http://127.0.0.1/{room}/whep");
    assert.deepEqual(other.endpoints, {
      transport: "whip",
      whip: "http://127.0.0.1/{room}/whip",
      whep: "http://127.0.0.1/{room}/whep",
    });
  },
});

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [["--loss=100%"], /^--loss=100% is not allowed: expected a share/],
  [["--bitrate=1G"], /^--bitrate=1G is not allowed: expected bit\/s/],
  [["--bitrate=1"], /^--bitrate=1 is not allowed/],
  [["--url=ftp://a"], /^--url=ftp:\/\/a is not allowed: expected a URL/],
  [["--plot=a.png"], /^--plot=a\.png is not allowed: expected a path that ends in/],
  [["--rooms"], /^--rooms has no value/],
  [["--speed=1"], /^--speed is not known/],
  [["--whip=http://127.0.0.1/w"], /^--whip and --whep belong together/],
  [["--rooms=2", "--whip=http://127.0.0.1/w", "--whep=http://127.0.0.1/w"], /^--rooms above 1 wants \{room\}/],
  [["--transport=websocket", "--whip=http://127.0.0.1/w", "--whep=http://127.0.0.1/w"], /are for --transport=whip$/],
  [["--url=http://127.0.0.1", "--whip=http://127.0.0.1/w", "--whep=http://127.0.0.1/w"], /^--url is for a Switchboard/],
  [["--video=no"], /leaves nothing to send$/],
  [["--video=no", "--audio", "--simulcast"], /^--simulcast is for video$/],
  [["--rooms=100", "--subscribers=200"], /^23100 peers are too many: 10000 at most$/],
  [["--i-may-load-this-host=b.example"], /^--i-may-load-this-host=b\.example is no host of the URLs$/],
];

for (const [args, message] of WRONG) {
  Deno.test({
    name: `B513: ${args.join(" ")} is refused in one line`,
    permissions: "none",
    fn() {
      assert.match(messageOf(...args), message);
      assert.equal(messageOf(...args).split("\n").length, 1);
    },
  });
}

Deno.test({
  name: "B514: each host beyond this machine must be named",
  permissions: "none",
  fn() {
    const url = "--url=https://sfu.example.org";
    assert.match(messageOf(url), /^sfu\.example\.org is not this machine/);
    assert.match(messageOf(url, "--i-may-load-this-host=other.example.org"), /^sfu\.example\.org is not this machine/);
    assert.equal(settingsOf(url, "--i-may-load-this-host=sfu.example.org").reach.isLocal, false);
    assert.equal(settingsOf("--url=http://localhost:3000").reach.isLocal, true);
    const templates = ["--whip=http://127.0.0.1/{room}", "--whep=http://sfu.example.org/{room}"];
    assert.match(messageOf(...templates), /^sfu\.example\.org is not/);
  },
});

Deno.test({
  name: "B513: no message repeats the token, and the help tells all flags",
  permissions: "none",
  fn() {
    assert.doesNotMatch(messageOf("--token=north", "--token=south"), /north|south/);
    for (const name of FLAG_NAMES) assert.ok(helpText().includes(`  ${name}=<`), name);
    assert.deepEqual(parseSettings(["--help"]), { ok: true, help: true });
  },
});
