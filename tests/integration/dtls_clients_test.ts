import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createPortableDtls } from "../../src/io/portable/dtls.ts";
import type { DtlsConnected, DtlsSession } from "../../src/webrtc/dtls.ts";
import type { OpenedDtls } from "../harness/dtls_backend.ts";
import { isMissing } from "../harness/missing_program.ts";
import { LIBSSL_TITLE, openNativeDtls, WITH_LIBSSL } from "../harness/native_dtls.ts";

const PROGRAM = Deno.env.get("OPENSSL") || "openssl";
const LOOPBACK = "127.0.0.1";
const DEADLINE_MS = 20_000;
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const CLIENT_CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
/** Of both directions, for AEAD_AES_128_GCM (RFC 7714 section 12). */
const KEYS_LENGTH = 2 * (16 + 12);
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

const backends: readonly (typeof WITH_LIBSSL & { readonly name: string; readonly open: () => OpenedDtls })[] = [
  {
    name: "portable",
    permissions: { ffi: [] },
    ignore: false,
    open: () => ({ factory: createPortableDtls(CERTIFICATE), close() {} }),
  },
  { name: LIBSSL_TITLE, ...WITH_LIBSSL, open: () => openNativeDtls(CERTIFICATE) },
];

/** What `openssl s_client` prints. It ends by itself, as there is no input for it to send. */
async function runClient(port: number): Promise<string> {
  const file = await Deno.makeTempFile({ dir: FOLDER, suffix: ".pem" });
  try {
    await Deno.writeTextFile(file, CLIENT_CERTIFICATE.certPem + CLIENT_CERTIFICATE.keyPem);
    const profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM";
    const handshake = ["s_client", "-dtls1_2", "-connect", `${LOOPBACK}:${port}`, "-cert", file];
    const keys = ["-use_srtp", profiles, "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", `${KEYS_LENGTH}`];
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const command = new Deno.Command(PROGRAM, { args: [...handshake, ...keys], stdin: "null", stderr: "null", signal });
    return new TextDecoder().decode((await command.output()).stdout);
  } finally {
    await Deno.remove(file);
  }
}

/** Takes what comes to `socket` until that is closed. */
async function serve(socket: Deno.DatagramConn, { factory }: OpenedDtls): Promise<readonly DtlsConnected[]> {
  const connected: DtlsConnected[] = [];
  let session: DtlsSession | undefined;
  const begin = (client: Deno.Addr) =>
    factory.create({
      sendDatagram: (bytes) => void socket.send(Uint8Array.from(bytes), client),
      connected: (result) => connected.push(result),
      failed() {},
      applicationData() {},
    }, performance.now());
  for await (const [bytes, client] of socket) (session ??= begin(client)).handleDatagram(bytes, performance.now());
  session?.close();
  return connected;
}

for (const { name, permissions, ignore, open } of backends) {
  Deno.test({
    name: `B20: ${name}: the openssl program gets our first profile that it offers, and exports the same keys`,
    permissions: { ...permissions, net: [LOOPBACK], run: [PROGRAM], write: [FOLDER] },
    ignore: ignore || isMissing("openssl"),
    async fn() {
      const opened = open();
      const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
      const { port } = socket.addr as Deno.NetAddr;
      const [connected, text] = await Promise.all([
        serve(socket, opened),
        runClient(port).finally(() => socket.close()),
      ]);
      opened.close();
      assert.equal(connected.length, 1, text);
      const [{ profile, local, remote, remoteCertificate }] = connected;
      assert.equal(profile, "SRTP_AEAD_AES_128_GCM");
      assert.deepEqual(remoteCertificate, CLIENT_CERTIFICATE.der);
      const keys = Buffer.concat([remote.key, local.key, remote.salt, local.salt]).toString("hex").toUpperCase();
      assert.equal(/Keying material: ([0-9A-F]+)/.exec(text)?.[1], keys, text);
      assert.match(text, /Extended master secret: yes/);
    },
  });
}
