import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { configureLogs } from "../../src/server/log.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { newSecret, playScene } from "../harness/secret_scene.ts";
import { SecretSearch } from "../harness/secret_search.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const PERMISSIONS = { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"], write: [FOLDER] };
/** Of every library, and all that the server has. */
const MOST_VERBOSE = "trace";

function addPrivateKey(keyPem: string, secrets: SecretSearch): void {
  for (const line of keyPem.split("\n").filter((line) => line.length >= 32 && !line.startsWith("-"))) {
    secrets.addText("a line of the private key", line);
  }
  const { d = "" } = createPrivateKey(keyPem).export({ format: "jwk" });
  secrets.addBytes("the private key", Uint8Array.from(Buffer.from(d, "base64url")));
}

for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
  Deno.test({
    name: `B212: ${name}: no secret is in the most verbose log, or in what others are sent`,
    ignore,
    permissions: PERMISSIONS,
    async fn() {
      const secrets = new SecretSearch();
      const [turnSecret, certificate] = [newSecret(), createCertificate(Date.now())];
      secrets.addText("the TURN secret", turnSecret);
      addPrivateKey(certificate.keyPem, secrets);
      const folder = await Deno.makeTempDir({ dir: FOLDER });
      try {
        await Deno.writeTextFile(`${folder}/cert.pem`, certificate.certPem);
        await Deno.writeTextFile(`${folder}/key.pem`, certificate.keyPem);
        const turn = ["--turn=turn:turn.example.org", `--turn-secret=${turnSecret}`];
        const files = [`--dtls-cert=${folder}/cert.pem`, `--dtls-key=${folder}/key.pem`];
        const server = await ServerProcess.start({
          ...setup,
          permissions: [`--allow-read=${folder}`],
          flags: [...setup.flags ?? [], "--host=127.0.0.1", ...turn, ...files],
          log: MOST_VERBOSE,
        });
        const told = await playScene(server.url, secrets).finally(() => server.stop());
        assert.ok(secrets.size > 40, `${secrets.size} secrets`);
        assert.match(server.log, /DEBUG switchboard\.signaling "?bad-json/, "refusals are logged");
        assert.deepEqual(secrets.find(server.log), []);
        for (const { reader, text } of told) assert.deepEqual(secrets.find(text, reader), [], `${reader} got ${text}`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Runs `play` with a server in this process, and gives what it logged. */
async function logOf(server: () => LoopbackServer, play: (url: string) => Promise<void>): Promise<string> {
  const lines: string[] = [];
  configureLogs([{ area: [], level: "trace" }], { write: (line) => lines.push(line), colors: false });
  try {
    await using running = server();
    await play(running.url);
  } finally {
    resetSync();
  }
  return lines.join("");
}

Deno.test({
  name: "B212: a secret that somebody has put into a log, or into what others get, is found by the same search",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const secrets = new SecretSearch();
    const token = newSecret();
    secrets.addText("planted token", token, "publisher");
    const problems: string[] = [];
    const log = await logOf(() =>
      new LoopbackServer({
        authorize({ token }) {
          throw new Error(`who is ${token}?`);
        },
      }), async (url) => {
      const headers = { "Content-Type": "application/sdp", "Authorization": `Bearer ${token}` };
      const response = await fetch(`${url}/whip/room`, { method: "POST", headers, body: "v=0" });
      assert.equal(response.status, 500);
      problems.push(await response.text());
    });
    assert.deepEqual(secrets.find(log), ["planted token"], log);
    assert.deepEqual(secrets.find(problems.join()), [], "the client is told nothing of a fault");
    assert.deepEqual(secrets.find(`{"type":"peerJoined","peer":{"name":"${token}"}}`, "other"), ["planted token"]);
  },
});

Deno.test({
  name: "B212: who is refused by authorize finds nothing of the token in the answer, nor is it logged",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const secrets = new SecretSearch();
    const answers: string[] = [];
    const verdicts = ["unauthorized", "forbidden"] as const;
    const log = await logOf(
      () =>
        new LoopbackServer({ authorize: ({ roomId }) => verdicts.find((verdict) => verdict === roomId) ?? "allowed" }),
      async (url) => {
        for (const verdict of verdicts) {
          const token = newSecret();
          secrets.addText(`token that is ${verdict}`, token);
          const headers = { "Content-Type": "application/sdp", "Authorization": `Bearer ${token}` };
          const response = await fetch(`${url}/whip/${verdict}`, { method: "POST", headers, body: "v=0" });
          answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`);
        }
      },
    );
    assert.deepEqual(answers.map((answer) => answer.slice(0, 3)), ["401", "403"]);
    assert.deepEqual(secrets.find(log + answers.join()), []);
  },
});
