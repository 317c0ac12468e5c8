import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import {
  CERTIFICATE_PERMISSIONS,
  expectRefused,
  UNUSABLE_FILES,
  withCertificate,
} from "../harness/certificate_folder.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { ServerProcess, type StartTask } from "../harness/server.ts";

const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);
const OWN = createCertificate(Date.now());

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
    permissions: CERTIFICATE_PERMISSIONS,
    ignore: task === "start" && Deno.build.os !== "linux",
    async fn() {
      const chain = OWN.certPem + createCertificate(Date.now()).certPem;
      await withCertificate({ certPem: chain, keyPem: OWN.keyPem }, async (folder) => {
        for (let run = 0; run < 2; run++) {
          const { fingerprint, log } = await fingerprintOf(task, folder.flags("dtls"), folder.path);
          assert.equal(fingerprint, OWN.fingerprint);
          assert.match(log(), /WARN {2}switchboard\.dtls the DTLS certificate: "of 2 certificates the first is used/);
        }
        const { fingerprint } = await fingerprintOf(task, [], folder.path);
        assert.notEqual(fingerprint, OWN.fingerprint);
      });
    },
  });
}

for (const unusable of UNUSABLE_FILES) {
  Deno.test({
    name: `B206: ${unusable.what}: told with the flag on stderr, and the process ends with 2`,
    permissions: CERTIFICATE_PERMISSIONS,
    fn: () => expectRefused("dtls", unusable),
  });
}
