import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { RespReader } from "./resp_reader.ts";

const encoder = new TextEncoder();

/** What a reader finds, and whether it is content with what came. */
class Reading {
  readonly found: string[] = [];
  readonly reader = new RespReader({
    handleMessage: (subject, message) => this.found.push(`${subject}: ${String.fromCharCode(...message)}`),
    handleStatus: (text) => this.found.push(`+${text}`),
    handleError: (text) => this.found.push(`-${text}`),
    handleOther: () => this.found.push("other"),
  });

  /** Gives it `bytes`, of which `lengths` are the pieces, the last of them again and again. */
  take(bytes: Uint8Array, ...lengths: readonly number[]): boolean {
    let isContent = true;
    for (let at = 0, i = 0; at < bytes.length && isContent; i++) {
      const { space } = this.reader;
      const length = Math.min(lengths[Math.min(i, lengths.length - 1)] ?? Infinity, bytes.length - at, space.length);
      assert.ok(length > 0, "there is space");
      space.set(bytes.subarray(at, at + length));
      isContent = this.reader.handleBytes(length);
      at += length;
    }
    return isContent;
  }
}

const bulk = (text: string) => `$${encoder.encode(text).length}\r\n${text}\r\n`;
const message = (subject: string, text: string) => `>3\r\n${bulk("message")}${bulk(subject)}${bulk(text)}`;

const ALL = encoder.encode([
  `%3\r\n${bulk("server")}${bulk("redis")}${bulk("proto")}:3\r\n${bulk("modules")}*0\r\n`,
  `>3\r\n${bulk("subscribe")}${bulk("room.a")}:1\r\n`,
  "+PONG\r\n",
  message("room.a", "one"),
  message("room.a", ""),
  ":2\r\n",
  message("room.b", "\r\n>3\r\n+PONG\r\n"),
  "-NOPERM no permissions\r\n",
  `>2\r\n${bulk("invalidate")}*1\r\n${bulk("key")}`,
  "$-1\r\n",
  "_\r\n",
  "#t\r\n",
  ",1.5\r\n",
  `=8\r\ntxt:text\r\n`,
  `~2\r\n:1\r\n(12345678901234567890\r\n`,
  "+PONG\r\n",
].join(""));
const FOUND = [
  "other",
  "+PONG",
  "room.a: one",
  "room.a: ",
  "other",
  "room.b: \r\n>3\r\n+PONG\r\n",
  "-NOPERM no permissions",
  ...new Array(6).fill("other"),
  "+PONG",
];

Deno.test({
  name: "what Redis says is found, whole, byte by byte, and cut anywhere",
  permissions: "none",
  fn() {
    for (const lengths of [[], [1], ...Array.from({ length: ALL.length }, (_, i) => [i + 1, Infinity])]) {
      const reading = new Reading();
      assert.equal(reading.take(ALL, ...lengths), true);
      assert.deepEqual(reading.found, FOUND, `${lengths}`);
    }
  },
});

Deno.test({
  name: "messages of any length are found in a stream of them, however it is cut",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const reading = new Reading();
    const expected: string[] = [];
    for (let i = 0; i < 60; i++) {
      const text = "x\r\n".repeat(random.uint32() % 6000) + i;
      expected.push(`room.${i % 3}: ${text}`);
      const lengths = Array.from({ length: 20 }, () => 1 + random.uint32() % 10_000);
      assert.equal(reading.take(encoder.encode(message(`room.${i % 3}`, text)), ...lengths), true, `seed ${seed}`);
    }
    assert.deepEqual(reading.found, expected, `seed ${seed}`);
  },
});

Deno.test({
  name: "a message that takes more than the buffer makes it grow, and one that is too long ends the reading",
  permissions: "none",
  fn() {
    const reading = new Reading();
    const longest = "y".repeat(256 * 1024);
    assert.equal(reading.take(encoder.encode(message("room.a", longest.slice(0, 100_000)) + "+PONG\r\n"), 1000), true);
    assert.deepEqual(reading.found.map((text) => text.length), [100_008, 5]);
    assert.equal(reading.take(encoder.encode(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1048577\r\n")), false);
    assert.equal(new Reading().take(encoder.encode(`+${longest.repeat(5)}`)), false);
  },
});

Deno.test({
  name: "what is not RESP ends the reading, and no bytes make it throw",
  permissions: "none",
  fn() {
    const wrong = ["HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "*-2\r\n", "+a\rb\r\n", `${"*1\r\n".repeat(10)}:1\r\n`];
    for (const text of wrong) assert.equal(new Reading().take(encoder.encode(text)), false, text);
    const seed = randomSeed();
    const random = seededRandom(seed);
    const alphabet = encoder.encode("+-:$*>%=_0123\r\n\r\nmessage");
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from(
        { length: random.uint32() % 60 },
        () => alphabet[random.uint32() % alphabet.length],
      );
      assert.doesNotThrow(() => new Reading().take(bytes, 1 + random.uint32() % 8), `seed ${seed}, round ${round}`);
      const changed = ALL.slice();
      changed[random.uint32() % ALL.length] = random.uint32();
      assert.doesNotThrow(() => new Reading().take(changed), `seed ${seed}, round ${round}`);
    }
  },
});
