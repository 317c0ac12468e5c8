import assert from "node:assert/strict";
import { createPrivately, runCaptureCommand } from "./capture_cli.ts";

const FLAGS = ["--url=https://sfu.example:8443/x", "--room=a/b", "--peer=p1"];
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const ENV = { ADMIN_TOKEN: "north" };

/** Runs the command against a server that answers this. */
async function run(args: readonly string[], { env = ENV, answer = () => new Response("bytes") }: {
  readonly env?: Readonly<Record<string, string>>;
  readonly answer?: () => Response;
} = {}) {
  const asked: (readonly [url: string, init: RequestInit])[] = [];
  const written = new Map<string, string>();
  const sink = (name: string) => {
    const decoder = new TextDecoder();
    return new WritableStream<Uint8Array>({
      write: (chunk) => void written.set(name, (written.get(name) ?? "") + decoder.decode(chunk)),
    });
  };
  const outcome = await runCaptureCommand(args, env, {
    create: (path) => path === "old" ? Promise.reject(new Deno.errors.AlreadyExists()) : Promise.resolve(sink(path)),
    stdout: sink("stdout"),
    fetch: (url, init) => {
      asked.push([url.href, init]);
      return Promise.resolve(answer());
    },
  });
  return { ...outcome, asked, written: Object.fromEntries(written) };
}

Deno.test({
  name: "B527: the command asks the server for a capture, and writes what comes to a file, or to stdout",
  permissions: "none",
  async fn() {
    const { exitCode, text, asked: [[url, init]], written } = await run([
      ...FLAGS,
      "--out=new",
      "--seconds=3",
      "--payload=yes",
    ]);
    assert.deepEqual([exitCode, text, written], [0, "5 bytes in new\n", { new: "bytes" }]);
    assert.equal(url, "https://sfu.example:8443/api/rooms/a%2Fb/peers/p1/capture");
    assert.deepEqual(init, {
      method: "POST",
      headers: { "Authorization": "Bearer north", "Content-Type": "application/json" },
      body: '{"seconds":3,"payload":true}',
    });
    assert.deepEqual((await run(FLAGS)).written, { stdout: "bytes" });
  },
});

Deno.test({
  name: "B527: what is wrong with the command is told at once, a line each, without the token",
  permissions: "none",
  async fn() {
    const { exitCode, text, asked } = await run(["--url=sfu.example", "--seconds=61", "--peer=p1"], { env: {} });
    assert.deepEqual([exitCode, asked], [2, []]);
    assert.deepEqual(text.split("\n").map((line) => line.split(": expected")[0]), [
      "--room is missing: give it as --room=<value>",
      "a token is missing: give it by ADMIN_TOKEN or --token",
      "--url=sfu.example is not allowed",
      "--seconds=61 is not allowed",
      "",
    ]);
    assert.equal((await run([...FLAGS, "--token=a", "--token=b"])).text, "--token is given twice\n");
    assert.match((await run(["--help"])).text, /^Captures the packets of one peer/);
  },
});

Deno.test({
  name: "B527: a server that refuses, or is none, and a file that is there, are told, and end the command with 1",
  permissions: "none",
  async fn() {
    const refusal = () => Response.json({ code: "unknown-peer", detail: "there is none" }, { status: 404 });
    const told = await run(FLAGS, { answer: refusal });
    assert.deepEqual([told.exitCode, told.text], [1, "the server answers 404: there is none (unknown-peer)\n"]);
    const other = await run(FLAGS, { answer: () => new Response("<html>", { status: 502 }) });
    assert.match(other.text, /^the server answers 502: it is no server with an admin API/);
    const old = await run([...FLAGS, "--out=old"]);
    assert.deepEqual([old.exitCode, old.text], [1, "--out=old is of no use: there is such a file already\n"]);
    const away = await run(FLAGS, {
      answer: () => {
        throw new TypeError("connection refused");
      },
    });
    assert.deepEqual([away.exitCode, away.text], [1, "connection refused\n"]);
  },
});

Deno.test({
  name: "B527: the file is new, and its user's alone",
  permissions: { read: [FOLDER], write: [FOLDER] },
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    try {
      const path = `${folder}/a.pcapng`;
      await (await createPrivately(path)).close();
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
      await assert.rejects(createPrivately(path), Deno.errors.AlreadyExists);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
