import assert from "node:assert/strict";
import { createCertificate, type DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import {
  CERTIFICATE_PERMISSIONS,
  type CertificateFolder,
  expectRefused,
  UNUSABLE_FILES,
  withCertificate,
} from "../harness/certificate_folder.ts";
import { isMissing } from "../harness/missing_program.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { ask, closeWebSocket, get, openWebSocket, shownCertificate, withClient } from "../harness/trusting_client.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const PERMISSIONS: Deno.PermissionOptionsObject = {
  ...CERTIFICATE_PERMISSIONS,
  net: [...SERVER_PERMISSIONS.net, "127.0.0.1"],
};
const HOSTS = ["localhost", "127.0.0.1"];
const OLD = createCertificate(Date.now(), HOSTS);
const NEW = createCertificate(Date.now(), HOSTS);
const JOIN = JSON.stringify({ type: "join", roomId: "room" });

/** Runs a test against a server with the old certificate by files. */
async function withServer(test: (server: ServerProcess, files: CertificateFolder) => Promise<void>): Promise<void> {
  await withCertificate(OLD, async (files) => {
    const server = await ServerProcess.start({
      flags: files.flags("tls"),
      permissions: [`--allow-read=${files.path}`],
    });
    try {
      await test(server, files);
    } finally {
      assert.equal(await server.stop(), 0, server.log);
    }
  });
}

const healthz = (server: ServerProcess) => `${server.url}/healthz`;
const webSocketUrl = (server: ServerProcess) => `${server.url.replace("https", "wss")}/ws`;

Deno.test({
  name: "B79, B250: with a certificate by files the page and the WebSocket are by TLS, and the ready line says https",
  permissions: PERMISSIONS,
  async fn() {
    await withServer(async (server) => {
      assert.match(server.url, /^https:\/\/localhost:\d+$/);
      assert.match(await get(healthz(server), [OLD.certPem]), /"status":"ok"/);
      assert.match(await get(server.url, [OLD.certPem]), /<title>Switchboard<\/title>/);
      await assert.rejects(get(healthz(server), [NEW.certPem]), TypeError);
      await assert.rejects(fetch(healthz(server).replace("https", "http")), TypeError);
      await withClient([OLD.certPem], async (client) => {
        const socket = await openWebSocket(webSocketUrl(server), client);
        assert.match(String(await ask(socket, JOIN)), /"type":"welcome"/);
        await closeWebSocket(socket);
      });
    });
  },
});

Deno.test({
  name: "B78, B250: at SIGTERM clients by TLS are told with 1001 as well, and the process ends with 0",
  permissions: PERMISSIONS,
  async fn() {
    await withServer(async (server) => {
      await withClient([OLD.certPem], async (client) => {
        const socket = await openWebSocket(webSocketUrl(server), client);
        assert.match(String(await ask(socket, JOIN)), /"type":"welcome"/);
        const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
        assert.equal(await server.stop(), 0);
        assert.equal((await closed).code, 1001);
      });
    });
  },
});

Deno.test({
  name: "B251: files are replaced under load: no connection is lost or refused, WebSockets stay, new ones see the new",
  permissions: PERMISSIONS,
  ignore: Deno.build.os === "windows",
  async fn() {
    await withServer(async (server, files) => {
      await withClient([OLD.certPem], async (client) => {
        const socket = await openWebSocket(webSocketUrl(server), client);
        assert.match(String(await ask(socket, JOIN)), /"type":"welcome"/);
        socket.onclose = () => assert.fail("the WebSocket was lost");
        let running = true;
        const both = [OLD.certPem, NEW.certPem];
        const load = [1, 2, 3, 4].map(async () => {
          let answered = 0;
          for (; running; answered++) assert.match(await get(healthz(server), both), /"status":"ok"/);
          return answered;
        });
        // The timer finds the first change by itself.
        await files.write(NEW);
        await server.written(taken(NEW));
        for (const certificate of [OLD, NEW]) {
          await files.write(certificate);
          server.hangUp();
          await server.written(new RegExp(`${taken(NEW).source}[^]*${taken(certificate).source}`));
        }
        assert.match(await get(healthz(server), [NEW.certPem]), /"status":"ok"/);
        await assert.rejects(get(healthz(server), [OLD.certPem]), TypeError);
        running = false;
        for (const answered of await Promise.all(load)) assert.ok(answered > 0);
        assert.match(String(await ask(socket, JOIN)), /"type":"error"/);
        assert.equal(await closeWebSocket(socket), 1000);
      });
    });
  },
});

/** The line that tells of a certificate that was taken. */
function taken({ fingerprint }: DtlsCertificate): RegExp {
  return new RegExp(`(new connections get the new certificate of HTTPS: ${fingerprint})`);
}

Deno.test({
  name: "B252: broken files leave the old certificate in use with a warning each, and the next good ones are taken",
  permissions: PERMISSIONS,
  ignore: Deno.build.os === "windows",
  async fn() {
    await withServer(async (server, files) => {
      const broken = [
        { certPem: NEW.certPem.slice(0, 300), keyPem: NEW.keyPem, reason: "it has no certificate in PEM" },
        { certPem: NEW.certPem, keyPem: OLD.keyPem, reason: "it is not the key of the certificate" },
        { certPem: NEW.certPem, keyPem: "", reason: "it has no private key in PEM" },
      ];
      for (const { reason, ...pem } of broken) {
        await files.write(pem);
        server.hangUp();
        await server.written(new RegExp(`(WARN .*${reason})`));
        assert.match(await get(healthz(server), [OLD.certPem]), /"status":"ok"/);
      }
      await files.removeCertificate();
      server.hangUp();
      await server.written(/(WARN .*there is no such file)/);
      assert.match(await get(healthz(server), [OLD.certPem]), /"status":"ok"/);
      await files.write(NEW);
      server.hangUp();
      await server.written(taken(NEW));
      assert.match(await get(healthz(server), [NEW.certPem]), /"status":"ok"/);
      assert.equal(server.log.match(/WARN .*the certificate of HTTPS stays/g)?.length, 4, server.log);
    });
  },
});

Deno.test({
  name: "B74, B255: by TLS the answers have their security headers; at localhost and by an own certificate no HSTS",
  permissions: PERMISSIONS,
  async fn() {
    await withServer(async (server) => {
      await withClient([OLD.certPem], async (client) => {
        const headers = async (host: string) => {
          const response = await fetch(`https://${host}:${server.port}/`, { client });
          await response.body?.cancel();
          return response.headers;
        };
        const local = await headers("localhost");
        assert.match(local.get("content-security-policy") ?? "", /script-src 'self';.*frame-ancestors 'none'/);
        assert.match(local.get("permissions-policy") ?? "", /camera=\(self\).*display-capture=\(self\)/);
        assert.equal(local.get("strict-transport-security"), null);
        assert.equal((await headers("127.0.0.1")).get("strict-transport-security"), "max-age=31536000");
      });
    });
  },
});

for (const unusable of UNUSABLE_FILES) {
  Deno.test({
    name: `B250: ${unusable.what}: told with the flag on stderr, and the process ends with 2`,
    permissions: PERMISSIONS,
    fn: () => expectRefused("tls", unusable),
  });
}

Deno.test({
  name:
    "B253: deno task dev --tls-self-signed=yes: a certificate for this machine, its fingerprint, and URLs for phones",
  permissions: { ...PERMISSIONS, sys: ["networkInterfaces"] },
  async fn() {
    const server = await ServerProcess.start({ task: "dev", flags: ["--tls-self-signed=yes"] });
    try {
      const fingerprint = await server.written(/SHA-256 fingerprint: ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})\n/);
      for (const { address, family, scopeid } of Deno.networkInterfaces()) {
        if (family !== "IPv4" || scopeid !== null || address.startsWith("127.")) continue;
        assert.ok(server.log.includes(`For a phone in the same network: https://${address}:${server.port}\n`));
      }
      const certificate = await shownCertificate(server.port);
      assert.equal(certificate.fingerprint256, fingerprint);
      assert.match(certificate.subjectAltName ?? "", /DNS:localhost, IP Address:127\.0\.0\.1/);
      const answer = await withClient([certificate.toString()], (client) => fetch(healthz(server), { client }));
      assert.equal(answer.headers.get("strict-transport-security"), null);
      assert.equal((await answer.json()).status, "ok");
    } finally {
      assert.equal(await server.stop(), 0);
    }
  },
});

const OPENSSL = Deno.env.get("OPENSSL") || "openssl";

/** Makes a certificate and its key by OpenSSL, signed by another one of the folder or by itself. */
async function issue(
  folder: string,
  name: string,
  key: readonly string[],
  extension: string,
  issuer = "",
): Promise<void> {
  const by = issuer === "" ? [] : ["-CA", `${folder}/${issuer}.pem`, "-CAkey", `${folder}/${issuer}.key`];
  const usage = ["-addext", `basicConstraints=critical,CA:${extension === "" ? "TRUE" : "FALSE"}`];
  const names = extension === "" ? [] : ["-addext", extension];
  const files = ["-keyout", `${folder}/${name}.key`, "-out", `${folder}/${name}.pem`];
  const args = [
    "req",
    "-x509",
    "-nodes",
    "-days",
    "9",
    "-subj",
    `/CN=${name}`,
    ...key,
    ...by,
    ...usage,
    ...names,
    ...files,
  ];
  const { success, stderr } = await new Deno.Command(OPENSSL, { args, stdin: "null", stderr: "piped" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

for (
  const { type, key } of [
    { type: "RSA", key: ["-newkey", "rsa:2048"] },
    { type: "EC P-256", key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] },
    { type: "EC P-384", key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"] },
    { type: "EC P-521", key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"] },
  ]
) {
  Deno.test({
    name: `B250: a chain with a key of ${type} is sent whole: a client that knows the root alone trusts it`,
    permissions: { ...PERMISSIONS, run: [...SERVER_PERMISSIONS.run, OPENSSL] },
    ignore: isMissing("openssl"),
    async fn() {
      const folder = await Deno.makeTempDir({ dir: FOLDER });
      try {
        await issue(folder, "root", key, "");
        await issue(folder, "middle", key, "", "root");
        await issue(folder, "leaf", key, "subjectAltName=DNS:localhost", "middle");
        const read = (name: string) => Deno.readTextFile(`${folder}/${name}.pem`);
        await Deno.writeTextFile(`${folder}/chain.pem`, await read("leaf") + await read("middle"));
        const server = await ServerProcess.start({
          flags: [`--tls-cert=${folder}/chain.pem`, `--tls-key=${folder}/leaf.key`],
          permissions: [`--allow-read=${folder}`],
        });
        try {
          assert.match(await get(healthz(server), [await read("root")]), /"status":"ok"/);
        } finally {
          assert.equal(await server.stop(), 0);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
