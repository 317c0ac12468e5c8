import { strictEqual } from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { watchMedia } from "../harness/watch_media.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
/** No name of the loopback interface: there pages have devices by HTTP too. */
const HOST = "switchboard.test";

Deno.test({
  name: "B250, B74: by HTTPS two people at a name that is not local see and hear each other, with their own devices",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  async fn() {
    const { certPem, keyPem } = createCertificate(Date.now(), ["localhost", HOST]);
    const spki = new X509Certificate(certPem).publicKey.export({ type: "spki", format: "der" });
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    try {
      await Deno.writeTextFile(`${folder}/cert.pem`, certPem);
      await Deno.writeTextFile(`${folder}/key.pem`, keyPem);
      await withMeeting(
        async ({ chromium, server }) => {
          const url = `https://${HOST}:${server.port}`;
          const ada = await RoomPage.join(chromium, url, "Ada");
          const ben = await RoomPage.join(chromium, url, "Ben");
          strictEqual(await ada.page.evaluate("location.hostname + isSecureContext"), `${HOST}true`);
          await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
          await watchMedia([ada, ben]);
        },
        { hostName: HOST, trustedKey: createHash("sha256").update(spki).digest("base64") },
        {
          flags: [`--tls-cert=${folder}/cert.pem`, `--tls-key=${folder}/key.pem`],
          permissions: [`--allow-read=${folder}`],
          caCert: certPem,
        },
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
