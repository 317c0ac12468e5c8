import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { SERVER_PERMISSIONS, ServerProcess, type StartTask } from "../harness/server.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const PERMISSIONS = { ...SERVER_PERMISSIONS, write: [FOLDER] };
const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);
const OWN = createCertificate(Date.now());

/** Runs a test with a certificate and a key in a folder of its own, which is removed. */
async function withFiles(
  pem: Readonly<Record<"cert" | "key", string>>,
  test: (files: { readonly folder: string; readonly flags: readonly string[] }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: FOLDER });
  try {
    await Deno.writeTextFile(`${folder}/cert.pem`, pem.cert);
    await Deno.writeTextFile(`${folder}/key.pem`, pem.key);
    await test({ folder, flags: [`--dtls-cert=${folder}/cert.pem`, `--dtls-key=${folder}/key.pem`] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The fingerprint in the answer to a WHIP client, and the log of the whole run. */
async function fingerprintOf(task: StartTask, flags: readonly string[], folder: string) {
  const server = await ServerProcess.start({ task, flags, permissions: [`--allow-read=${folder}`] });
  try {
    const url = new URL("whip/room", server.url);
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: OFFER });
    const answer = await response.text();
    assert.equal(response.status, 201, answer);
    return { fingerprint: /^a=fingerprint:sha-256 (\S+)/m.exec(answer)?.[1], log: () => server.log };
  } finally {
    assert.equal(await server.stop(), 0);
  }
}

for (const task of ["dev", "start"] as const) {
  Deno.test({
    name: `B205: deno task ${task}: with a certificate by files the fingerprint in SDP outlasts a restart`,
    permissions: PERMISSIONS,
    ignore: task === "start" && Deno.build.os !== "linux",
    async fn() {
      const chain = OWN.certPem + createCertificate(Date.now()).certPem;
      await withFiles({ cert: chain, key: OWN.keyPem }, async ({ folder, flags }) => {
        for (let run = 0; run < 2; run++) {
          const { fingerprint, log } = await fingerprintOf(task, flags, folder);
          assert.equal(fingerprint, OWN.fingerprint);
          assert.match(log(), /WARN {2}switchboard\.dtls the DTLS certificate: "of 2 certificates the first is used/);
        }
        const { fingerprint } = await fingerprintOf(task, [], folder);
        assert.notEqual(fingerprint, OWN.fingerprint);
      });
    },
  });
}

for (
  const { what, pem, isReadable, refusal } of [
    {
      what: "another one's key",
      pem: { cert: OWN.certPem, key: createCertificate(Date.now()).keyPem },
      isReadable: true,
      refusal: /--dtls-key=\S+\/key\.pem is of no use: it is not the key of the certificate\n/,
    },
    {
      what: "a file that is no certificate",
      pem: { cert: "", key: OWN.keyPem },
      isReadable: true,
      refusal: /--dtls-cert=\S+\/cert\.pem is of no use: it has no certificate in PEM/,
    },
    {
      what: "files that Deno may not read",
      pem: { cert: OWN.certPem, key: OWN.keyPem },
      isReadable: false,
      refusal:
        /--dtls-cert=\S+\/cert\.pem is of no use: Deno may not read it: put it into certs\/, or add --allow-read=/,
    },
  ]
) {
  Deno.test({
    name: `B206: ${what}: told with the flag on stderr, and the process ends with 2`,
    permissions: PERMISSIONS,
    async fn() {
      await withFiles(pem, async ({ folder, flags }) => {
        const permissions = isReadable ? [`--allow-read=${folder}`] : [];
        await assert.rejects(ServerProcess.start({ task: "dev", flags, permissions }), ({ message }: Error) => {
          assert.match(message, /^the server ended with 2 before it was ready/);
          assert.match(message, refusal);
          return true;
        });
      });
    },
  });
}
