import assert from "node:assert/strict";
import fc from "fast-check";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { coversRoom, type Grants, grantsOf, mayPublish } from "./grants.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function refusal(claims: unknown): string {
  const result = grantsOf(claims);
  assert.ok(!result.ok, "accepted");
  return result.message;
}

function accepted(claims: unknown): Grants {
  const result = grantsOf(claims);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.grants;
}

test("P73: a token that names a room alone grants to publish and to receive, without a limit, and no more", () => {
  assert.deepEqual(accepted({ switchboard: { room: "a" } }), {
    room: "a",
    identity: undefined,
    name: undefined,
    publish: ["audio", "video", "screen"],
    subscribe: true,
    admin: false,
    maxBitrate: undefined,
  });
});

test("P73: each claim is taken, and unknown ones are ignored", () => {
  const switchboard = {
    room: "a-*",
    publish: ["audio"],
    subscribe: false,
    admin: true,
    maxBitrate: 500_000,
    colour: "blue",
  };
  assert.deepEqual(accepted({ sub: "ada", name: "Ada L", iss: "x", custom: {}, switchboard }), {
    room: "a-*",
    identity: "ada",
    name: "Ada L",
    publish: ["audio"],
    subscribe: false,
    admin: true,
    maxBitrate: 500_000,
  });
  assert.deepEqual(accepted({ switchboard: { room: "a", publish: [] } }).publish, []);
});

for (
  const [claim, value] of Object.entries({
    "sub": 7,
    "name": "n".repeat(65),
    "switchboard.room": ["a"],
    "switchboard.publish": "audio",
    "switchboard.publish.0": ["data"],
    "switchboard.subscribe": "no",
    "switchboard.admin": 1,
    "switchboard.maxBitrate": "1000000",
  })
) {
  test(`P73: ${claim} of another type is refused by its name, without its value`, () => {
    const [first, second] = claim.split(".");
    const own = second === undefined ? {} : { [second]: value };
    const claims = { ...(second === undefined && { [first]: value }), switchboard: { room: "a", ...own } };
    const message = refusal(claims);
    assert.equal(message.split(": ")[0], claim);
    for (const told of ["nnn", 'data"', "1000000"]) assert.equal(message.includes(told), false, message);
  });
}

test("P73: without a room, or with one that no room can have, nothing is granted", () => {
  for (const claims of [{}, { switchboard: {} }, { switchboard: null }, [], null, "a"]) refusal(claims);
  for (const room of ["", "r".repeat(129), "a\nb", null]) refusal({ switchboard: { room } });
  for (const maxBitrate of [0, -1, 0.5, Infinity]) refusal({ switchboard: { room: "a", maxBitrate } });
  for (const sub of ["", "s".repeat(129), "a\u0000"]) refusal({ sub, switchboard: { room: "a" } });
});

test("P74: a room is granted by its exact name, or by a pattern in which * is any characters", () => {
  const cases: [string, string[], string[]][] = [
    ["blue", ["blue"], ["Blue", "blue ", "blu", "", "blues"]],
    ["*", ["blue", "a*b", "."], []],
    ["team-*", ["team-", "team-1"], ["team", "my-team-1"]],
    ["*-lobby", ["-lobby", "a-lobby"], ["a-lobby-b"]],
    ["a*b*c", ["abc", "a-b-c", "abbc", "abcbc"], ["ac", "ab", "acb", "a-b-c-"]],
    ["aa*aa", ["aaaa", "aaxaa"], ["aaa", "aa"]],
    ["a**b", ["ab", "axb"], ["a"]],
    ["a.c", ["a.c"], ["abc"]],
    ["(a+)+$", ["(a+)+$"], ["aaaa"]],
  ];
  for (const [room, granted, others] of cases) {
    for (const name of granted) assert.equal(coversRoom({ room }, name), true, `${room} ${name}`);
    for (const name of others) assert.equal(coversRoom({ room }, name), false, `${room} ${name}`);
  }
});

const seed = randomSeed();
test(`P74: a pattern matches what a regular expression made of it does (seed ${seed})`, () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const names = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  fc.assert(
    fc.property(letters, names, (room, name) => {
      assert.equal(coversRoom({ room }, name), new RegExp(`^${room.replaceAll("*", ".*")}$`).test(name));
    }),
    { seed, numRuns: 2000 },
  );
});

test("P75: the microphone is audio, the camera video, the screen and its sound screen", () => {
  const granted = (publish: Grants["publish"]) =>
    (["microphone", "camera", "screen", "screenAudio"] as const).filter((source) => mayPublish({ publish }, source));
  assert.deepEqual(granted(["audio"]), ["microphone"]);
  assert.deepEqual(granted(["video"]), ["camera"]);
  assert.deepEqual(granted(["screen"]), ["screen", "screenAudio"]);
  assert.deepEqual(granted([]), []);
});
