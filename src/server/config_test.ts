import assert from "node:assert/strict";
import { authOptions } from "./auth_settings.ts";
import { type Config, mediaHosts, parseConfig, SETTINGS } from "./config.ts";
import { configTable, helpText } from "./config_text.ts";

function accepted(args: string[], env: Record<string, string> = {}): Config {
  const result = parseConfig(args, env);
  assert(result.ok && !result.help, result.ok ? "help" : result.message);
  return result.config;
}

function refused(args: string[], env: Record<string, string> = {}): string {
  const result = parseConfig(args, env);
  assert(!result.ok, "accepted");
  return result.message;
}

Deno.test({
  name: "without flags and environment every setting has its default",
  permissions: "none",
  fn() {
    assert.deepEqual(accepted([]), {
      port: 3000,
      host: "0.0.0.0",
      mediaHost: [],
      announce: [],
      backend: "auto",
      workers: undefined,
      udpPort: undefined,
      udpPorts: undefined,
      dtlsCert: undefined,
      dtlsKey: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      tlsSelfSigned: false,
      tcpPort: undefined,
      stun: [],
      turn: [],
      turnSecret: undefined,
      authSecret: undefined,
      authJwks: undefined,
      authIssuer: undefined,
      authAudience: undefined,
      duplicateIdentity: "allow",
      production: false,
      codecs: ["opus", "pcmu", "pcma", "vp8", "vp9", "h264", "av1"],
      maxRooms: 1000,
      maxPeers: 5000,
      maxTracks: 32,
      maxBitrateIn: 50_000_000,
      maxBitrateOut: Infinity,
      joinsPerMinute: 600,
      origins: [],
      trustProxy: 0,
      metricsPort: undefined,
      metricsHost: "127.0.0.1",
      log: [{ area: ["switchboard"], level: "info" }],
    });
  },
});

Deno.test({
  name: "B70: a flag beats the environment, which beats the default",
  permissions: "none",
  fn() {
    const config = accepted(["--port=1"], { PORT: "2", HOST: "::1" });
    assert.equal(config.port, 1);
    assert.equal(config.host, "::1");
    assert.equal(config.backend, "auto");
  },
});

Deno.test({
  name: "B70: an empty environment variable counts as not set",
  permissions: "none",
  fn() {
    assert.equal(accepted([], { PORT: "" }).port, 3000);
  },
});

for (const port of ["0", "1", "8080", "65535"]) {
  Deno.test({
    name: `port ${port} is accepted`,
    permissions: "none",
    fn() {
      assert.equal(accepted(["--port", port]).port, Number(port));
    },
  });
}

Deno.test({
  name: "P62: STUN and TURN servers are URLs of their kind, and TURN needs its secret",
  permissions: "none",
  fn() {
    const config = accepted(["--stun=stun:a.example.org,stuns:b.example.org:5349"], {
      TURN: "turn:[2001:db8::1]?transport=udp",
      TURN_SECRET: "north",
    });
    assert.deepEqual(config.stun, ["stun:a.example.org", "stuns:b.example.org:5349"]);
    assert.deepEqual([config.turn, config.turnSecret], [["turn:[2001:db8::1]?transport=udp"], "north"]);
    for (const wrong of ["--stun=turn:a", "--stun=a.example.org", "--turn=stun:a", "--turn=turn:a b", "--turn=turn:"]) {
      assert.match(
        refused([wrong, "--turn-secret=north"]),
        /^--(stun|turn)=.* is not allowed: expected URLs that begin/,
      );
    }
    assert.match(refused(["--turn=turn:a"]), /^--turn needs the secret/);
  },
});

Deno.test({
  name: "P80, P81, P82: a limit is a number from 1 on, or none",
  permissions: "none",
  fn() {
    const config = accepted(["--max-rooms=1", "--max-peers=none", "--joins-per-minute=1000000"], { MAX_TRACKS: "0" });
    assert.deepEqual([config.maxRooms, config.maxPeers, config.joinsPerMinute, config.maxTracks], [
      1,
      Infinity,
      1_000_000,
      0,
    ]);
    for (const wrong of ["--max-rooms=0", "--max-peers=-1", "--joins-per-minute=1.5", "--max-rooms=1000001"]) {
      assert.match(refused([wrong]), /is not allowed: expected none, or a whole number from 1 to 1000000$/);
    }
    assert.match(refused(["--max-tracks=33"]), /expected a whole number from 0 to 32$/);
  },
});

Deno.test({
  name: "P84: origins are as browsers write them, or *",
  permissions: "none",
  fn() {
    const { origins } = accepted([], { ORIGINS: "https://example.org,http://localhost:8080" });
    assert.deepEqual(origins, ["https://example.org", "http://localhost:8080"]);
    assert.deepEqual(accepted(["--origins=*"]).origins, ["*"]);
    for (const wrong of ["example.org", "https://example.org/", "null", "https://*.example.org"]) {
      assert.match(refused([`--origins=${wrong}`]), /is not allowed: expected origins as browsers write them/);
    }
  },
});

Deno.test({
  name: "B242: proxies are told by their number or by their addresses",
  permissions: "none",
  fn() {
    assert.equal(accepted(["--trust-proxy=2"]).trustProxy, 2);
    const { trustProxy } = accepted([], { TRUST_PROXY: "10.0.0.0/8, ::1" });
    assert.deepEqual(trustProxy, ["10.0.0.0/8", "::1"]);
    for (const wrong of ["10", "proxy", "10.0.0.0/99", "1,"]) {
      assert.match(refused([`--trust-proxy=${wrong}`]), /is not allowed: expected a whole number from 0 to 9, or IP/);
    }
  },
});

Deno.test({
  name: "B207: media is on what HTTP is on, unless it has addresses of its own",
  permissions: "none",
  fn() {
    assert.deepEqual(mediaHosts(accepted(["--host=::1"])), ["::1"]);
    assert.deepEqual(mediaHosts(accepted(["--host=127.0.0.1", "--media-host=::"])), ["::"]);
    const several = accepted([], { MEDIA_HOST: "192.0.2.1,2001:db8::1,localhost" });
    assert.deepEqual(mediaHosts(several), ["192.0.2.1", "2001:db8::1", "127.0.0.1"]);
  },
});

Deno.test({
  name: "B208: an announced address of a family that media is not on is refused, with what to do",
  permissions: "none",
  fn() {
    const reason = (address: string, hosts: string) =>
      `--announce names ${address}, but media is on ${hosts} alone: --media-host=:: is all of both families`;
    assert.equal(refused(["--announce=2001:db8::1,192.0.2.1"]), reason("2001:db8::1", "0.0.0.0"));
    assert.equal(refused(["--announce=192.0.2.1", "--media-host=2001:db8::2"]), reason("192.0.2.1", "2001:db8::2"));
    for (const hosts of ["::", "192.0.2.7,2001:db8::7"]) {
      const { announce } = accepted([`--media-host=${hosts}`, "--announce=2001:db8::1,203.0.113.1"]);
      assert.deepEqual(announce, ["2001:db8::1", "203.0.113.1"]);
    }
  },
});

Deno.test({
  name: "B206: a certificate without its key, or a key without its certificate, is refused",
  permissions: "none",
  fn() {
    const config = accepted(["--dtls-cert=cert.pem"], { DTLS_KEY: "key.pem" });
    assert.deepEqual([config.dtlsCert, config.dtlsKey], ["cert.pem", "key.pem"]);
    assert.equal(refused(["--dtls-cert=a"]), "--dtls-cert needs its private key: give it by --dtls-key");
    assert.equal(refused([], { DTLS_KEY: "a" }), "--dtls-key needs its certificate: give it by --dtls-cert");
  },
});

Deno.test({
  name: "B250, B253: HTTPS is by two files, or by a certificate made at the start, not by half of it or both",
  permissions: "none",
  fn() {
    const config = accepted(["--tls-cert=cert.pem"], { TLS_KEY: "key.pem" });
    assert.deepEqual([config.tlsCert, config.tlsKey, config.tlsSelfSigned], ["cert.pem", "key.pem", false]);
    assert.equal(accepted(["--tls-self-signed=yes"]).tlsSelfSigned, true);
    assert.equal(accepted(["--tls-self-signed=no"], { TLS_CERT: "a", TLS_KEY: "b" }).tlsSelfSigned, false);
    assert.equal(refused(["--tls-cert=a"]), "--tls-cert needs its private key: give it by --tls-key");
    assert.equal(refused([], { TLS_KEY: "a" }), "--tls-key needs its certificate: give it by --tls-cert");
    assert.equal(
      refused(["--tls-self-signed=yes", "--tls-cert=a", "--tls-key=b"]),
      "--tls-self-signed=yes and --tls-cert are two certificates for HTTPS: give one of them",
    );
    assert.equal(
      refused(["--tls-self-signed=true"]),
      "--tls-self-signed=true is not allowed: expected yes or no; yes not together with --tls-cert",
    );
  },
});

Deno.test({
  name: "B71: what is wrong with a secret is told without the secret",
  permissions: "none",
  fn() {
    assert.equal(refused(["--turn-secret=north", "--turn-secret=south"]), "--turn-secret is given twice");
    const short = "is not allowed: expected text of 32 bytes at least; not together with --auth-jwks";
    assert.equal(refused(["--auth-secret=north"]), `--auth-secret ${short}`);
    assert.equal(refused([], { AUTH_SECRET: "north" }), `AUTH_SECRET ${short}`);
  },
});

Deno.test({
  name: "B239: tokens are by a secret of 32 bytes, or by the keys of a URL, and may have to name issuer and audience",
  permissions: "none",
  fn() {
    const secret = "é".repeat(16);
    const bySecret = accepted(["--auth-issuer=a", "--auth-audience=b"], { AUTH_SECRET: secret });
    assert.deepEqual(authOptions(bySecret), { secret, issuer: "a", audience: "b" });
    const byKeys = accepted(["--auth-jwks=https://a.example/keys"]);
    assert.deepEqual(authOptions(byKeys), { jwks: "https://a.example/keys" });
    assert.equal(authOptions(accepted([])), undefined);
    const one = accepted(["--duplicate-identity=replace", "--auth-jwks=https://a.example/keys"]);
    assert.equal(one.duplicateIdentity, "replace");
    assert.match(
      refused(["--auth-jwks=https://a.example/"], { AUTH_SECRET: secret }),
      /^--auth-secret and --auth-jwks/,
    );
    for (const alone of ["--auth-issuer=a", "--auth-audience=b", "--duplicate-identity=refuse"]) {
      assert.match(
        refused([alone]),
        /^--(auth-issuer|auth-audience|duplicate-identity) is about tokens, and none are asked for: give/,
      );
    }
  },
});

Deno.test({
  name: "B239: --production refuses a server without tokens, by one line; alone it means yes",
  permissions: "none",
  fn() {
    const reason = "--production needs tokens, as whoever comes may enter any room without: " +
      "give a secret by AUTH_SECRET, or a key set by --auth-jwks";
    for (const args of [["--production"], ["--production=yes"]]) assert.equal(refused(args), reason);
    assert.equal(refused([], { PRODUCTION: "yes" }), reason);
    assert.equal(accepted(["--production=no"]).production, false);
    assert.equal(accepted(["--production", "--auth-jwks=https://a.example/"]).production, true);
  },
});

Deno.test({
  name: "host localhost means 127.0.0.1",
  permissions: "none",
  fn() {
    assert.equal(accepted(["--host=localhost"]).host, "127.0.0.1");
  },
});

Deno.test({
  name: "lists take spaces around commas, and each item once",
  permissions: "none",
  fn() {
    const list = "192.0.2.1, 2001:db8::1,192.0.2.1,media.example.org";
    const config = accepted(["--host=::", `--announce=${list}`, "--codecs=vp8"]);
    assert.deepEqual(config.announce, ["192.0.2.1", "2001:db8::1", "media.example.org"]);
    assert.deepEqual(config.codecs, ["vp8"]);
  },
});

Deno.test({
  name: "media workers and UDP ports are numbers, a range, or left to the server",
  permissions: "none",
  fn() {
    const config = accepted(["--workers=4", "--udp-port=0", "--udp-ports=40000-40099"]);
    assert.deepEqual([config.workers, config.udpPort, config.udpPorts], [4, 0, { min: 40_000, max: 40_099 }]);
    assert.equal(accepted(["--workers=auto"]).workers, undefined);
    assert.deepEqual(accepted([], { UDP_PORTS: "5000-5000" }).udpPorts, { min: 5000, max: 5000 });
  },
});

for (
  const [key, value] of [
    ["port", "65536"],
    ["port", "-1"],
    ["port", "80.5"],
    ["port", "1e3"],
    ["port", " 80"],
    ["port", "http"],
    ["host", "example.com"],
    ["host", "256.0.0.1"],
    ["mediaHost", "example.com"],
    ["mediaHost", "::,127.0.0.1"],
    ["mediaHost", "192.0.2.1,"],
    ["announce", "exam ple.com"],
    ["announce", "-example.com"],
    ["announce", "192.0.2.256"],
    ["announce", "192.0.2"],
    ["announce", "http://example.com"],
    ["announce", "192.0.2.1,,192.0.2.2"],
    ["announce", "0.0.0.0"],
    ["announce", "::"],
    ["announce", "fe80::1%eth0"],
    ["announce", "[2001:db8::1]"],
    ["backend", "fastest"],
    ["workers", "257"],
    ["workers", "-1"],
    ["workers", "two"],
    ["udpPort", "65536"],
    ["udpPort", "udp"],
    ["udpPorts", "0-10"],
    ["udpPorts", "5001-5000"],
    ["udpPorts", "5000-65536"],
    ["udpPorts", "5000"],
    ["tcpPort", "65536"],
    ["tcpPort", "https"],
    ["authJwks", "http://a.example/keys"],
    ["authJwks", "https://user:password@a.example/"],
    ["authJwks", "keys.json"],
    ["duplicateIdentity", "kick"],
    ["production", "true"],
    ["codecs", "opus,h265"],
    ["log", "verbose"],
  ]
) {
  Deno.test({
    name: `B71: ${key} ${JSON.stringify(value)} is refused with its key, its value and what is allowed`,
    permissions: "none",
    fn() {
      const setting = SETTINGS.find((one) => one.key === key);
      assert(setting);
      const reason = `is not allowed: expected ${setting.allowed}`;
      assert.equal(refused([`${setting.flag}=${value}`]), `${setting.flag}=${value} ${reason}`);
      assert.equal(refused([], { [setting.variable]: value }), `${setting.variable}=${value} ${reason}`);
    },
  });
}

Deno.test({
  name: "B71: everything that is wrong is told at once, a line each",
  permissions: "none",
  fn() {
    assert.deepEqual(refused(["--port=x", "--prot=1"], { CODECS: "h265" }).split("\n"), [
      "--prot is not known: allowed are --port, --host, --media-host, --announce, --backend, --workers, --udp-port, --udp-ports, " +
      "--tcp-port, --dtls-cert, --dtls-key, --tls-cert, --tls-key, --tls-self-signed, --stun, --turn, --turn-secret, " +
      "--auth-secret, --auth-jwks, --auth-issuer, --auth-audience, --duplicate-identity, --production, --codecs, " +
      "--max-rooms, --max-peers, --max-tracks, --max-bitrate-in, --max-bitrate-out, --joins-per-minute, --origins, " +
      "--trust-proxy, --metrics-port, --metrics-host, --log and --help",
      "--port=x is not allowed: expected a whole number from 0 to 65535",
      "CODECS=h265 is not allowed: expected any of opus, pcmu, pcma, vp8, vp9, h264, av1, separated by commas",
    ]);
  },
});

Deno.test({
  name: "B71: HTTP and ICE-TCP cannot have one port; any free one they can both have",
  permissions: "none",
  fn() {
    assert.equal(
      refused(["--port=443", "--tcp-port=443"]),
      "--tcp-port and --port are both 443: HTTP and media need a TCP port each",
    );
    assert.equal(accepted(["--port=0", "--tcp-port=0"]).tcpPort, 0);
    assert.equal(accepted([], { TCP_PORT: "443" }).tcpPort, 443);
  },
});

Deno.test({
  name: "help is given whatever else is wrong",
  permissions: "none",
  fn() {
    assert.deepEqual(parseConfig(["--port=x", "--help"], {}), { ok: true, help: true });
  },
});

Deno.test({
  name: "help and the table tell flag, variable, default, meaning and allowed values of every setting",
  permissions: "none",
  fn() {
    const help = helpText();
    const rows = configTable().trimEnd().split("\n");
    assert.equal(rows.length, SETTINGS.length + 2);
    for (const [index, { flag, variable, fallback, allowed }] of SETTINGS.entries()) {
      for (const text of [flag, variable, fallback, allowed]) {
        assert(help.includes(text), `help lacks ${text}`);
        assert(rows[index + 2].includes(text), `the table lacks ${text}`);
      }
      assert.equal(rows[index + 2].split("|").length, 6, "a cell has a bar in it");
    }
  },
});

Deno.test({
  name: "B261: /metrics has a port of its own, and is for this machine alone unless it is told otherwise",
  permissions: "none",
  fn() {
    const { metricsPort, metricsHost } = accepted(["--metrics-port=9464"]);
    assert.deepEqual([metricsPort, metricsHost], [9464, "127.0.0.1"]);
    assert.equal(accepted([], { METRICS_PORT: "0", METRICS_HOST: "0.0.0.0" }).metricsHost, "0.0.0.0");
    assert.equal(accepted(["--metrics-port=0", "--port=0"]).metricsPort, 0);
    assert.equal(
      refused(["--metrics-port=3000"]),
      "--metrics-port and --port are both 3000: /metrics needs a TCP port of its own",
    );
    assert.match(refused(["--metrics-port=3478", "--tcp-port=3478"]), /^--metrics-port and --tcp-port are both 3478/);
    assert.match(refused(["--metrics-port=x"]), /^--metrics-port=x is not allowed: expected a whole number/);
  },
});
