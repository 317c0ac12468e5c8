import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createPortableDtls } from "../../src/io/portable/dtls.ts";
import type { DtlsConnected, DtlsSession } from "../../src/webrtc/dtls.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import type { OpenedDtls } from "../harness/dtls_backend.ts";
import { isMissing } from "../harness/missing_program.ts";
import { LIBSSL_TITLE, openNativeDtls, WITH_LIBSSL } from "../harness/native_dtls.ts";

const LOOPBACK = "127.0.0.1";
const DEADLINE_MS = 20_000;
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const CLIENT_CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
/** How keying material is exported (RFC 5764 section 4.2). */
const LABEL = "EXTRACTOR-dtls_srtp";
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

/** A program that shakes hands, prints the keying material that it exports, and ends as there is no input to send. */
interface Client {
  readonly name: string;
  readonly program: string;
  /** The first of our preference that it offers. */
  readonly profile: SrtpProfile;
  readonly arguments: (port: number, certificate: string, keys: number) => readonly string[];
  /** In what it prints: the keying material, and that the extended master secret is in use. */
  readonly keyingMaterial: RegExp;
  readonly extendedMasterSecret: RegExp;
}

const CLIENTS: readonly Client[] = [
  {
    name: "openssl",
    program: Deno.env.get("OPENSSL") || "openssl",
    profile: "SRTP_AEAD_AES_128_GCM",
    arguments: (port, certificate, keys) => [
      ...["s_client", "-dtls1_2", "-connect", `${LOOPBACK}:${port}`, "-cert", certificate],
      ...["-use_srtp", "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"],
      ...["-keymatexport", LABEL, "-keymatexportlen", `${keys}`],
    ],
    keyingMaterial: /Keying material: ([0-9A-F]+)/,
    extendedMasterSecret: /Extended master secret: yes/,
  },
  {
    // GnuTLS has none of the AEAD profiles.
    name: "gnutls-cli",
    program: Deno.env.get("GNUTLS_CLI") || "gnutls-cli",
    profile: "SRTP_AES128_CM_HMAC_SHA1_80",
    arguments: (port, certificate, keys) => [
      ...["--udp", "--insecure", `--port=${port}`, `--x509certfile=${certificate}`, `--x509keyfile=${certificate}`],
      ...["--priority=NORMAL:-VERS-ALL:+VERS-DTLS1.2", "--srtp-profiles=SRTP_AES128_CM_HMAC_SHA1_80"],
      ...[`--keymatexport=${LABEL}`, `--keymatexportsize=${keys}`, LOOPBACK],
    ],
    keyingMaterial: /Key material: ([0-9a-f]+)/,
    extendedMasterSecret: /Options: .*extended master secret/,
  },
];

/** What a client prints. */
async function run({ program, profile, arguments: argumentsFor }: Client, port: number): Promise<string> {
  const file = await Deno.makeTempFile({ dir: FOLDER, suffix: ".pem" });
  try {
    await Deno.writeTextFile(file, CLIENT_CERTIFICATE.certPem + CLIENT_CERTIFICATE.keyPem);
    const { keyLength, saltLength } = SRTP_PROFILES[profile];
    const args = [...argumentsFor(port, file, 2 * (keyLength + saltLength))];
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const command = new Deno.Command(program, { args, stdin: "null", stderr: "null", signal });
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
  for (const client of CLIENTS) {
    Deno.test({
      name: `B20: ${name}: the program ${client.name} gets our first profile that it offers, and exports the same keys`,
      permissions: { ...permissions, net: [LOOPBACK], run: [client.program], write: [FOLDER] },
      ignore: ignore || isMissing(client.name),
      async fn() {
        const opened = open();
        const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
        const { port } = socket.addr as Deno.NetAddr;
        const [connected, text] = await Promise.all([
          serve(socket, opened),
          run(client, port).finally(() => socket.close()),
        ]);
        opened.close();
        assert.equal(connected.length, 1, text);
        const [{ profile, local, remote, remoteCertificate }] = connected;
        assert.equal(profile, client.profile);
        assert.deepEqual(remoteCertificate, CLIENT_CERTIFICATE.der);
        const keys = Buffer.concat([remote.key, local.key, remote.salt, local.salt]).toString("hex");
        assert.equal(client.keyingMaterial.exec(text)?.[1].toLowerCase(), keys, text);
        assert.match(text, client.extendedMasterSecret);
      },
    });
  }
}
