import assert from "node:assert/strict";
import { accepted, refused } from "../../tests/harness/parsed_config.ts";
import { parseConfig } from "./config.ts";
import { SETTINGS } from "./config_schema.ts";
import { configTable, helpText } from "./config_text.ts";
import { mediaHosts } from "./media_hosts.ts";

Deno.test({
  name: "without flags and environment every setting has its default",
  permissions: "none",
  fn() {
    assert.deepEqual(accepted([]), {
      configFile: undefined,
      port: 3000,
      host: "0.0.0.0",
      mediaHost: [],
      announce: [],
      backend: "auto",
      workers: undefined,
      roomPeersPerWorker: 100,
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
      loudest: 5,
      joinsPerMinute: 600,
      requestsPerMinute: 6000,
      maxConnections: 10_000,
      maxConnectionsPerAddress: 2000,
      joinTimeout: 10,
      origins: [],
      trustProxy: 0,
      bus: undefined,
      busCa: undefined,
      busPrefix: "switchboard",
      busMedia: "auto",
      busPort: 0,
      region: undefined,
      drain: 0,
      webhook: [],
      webhookSecret: [],
      webhookPrivate: false,
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
    assert.equal(accepted(["--workers=one"]).workers, undefined);
    assert.equal(accepted(["--workers=auto"]).workers, "auto");
    assert.equal(accepted([], { ROOM_PEERS_PER_WORKER: "1" }).roomPeersPerWorker, 1);
    assert.equal(accepted(["--room-peers-per-worker=none"]).roomPeersPerWorker, Infinity);
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
    ["workers", "32"],
    ["workers", "-1"],
    ["workers", "two"],
    ["roomPeersPerWorker", "0"],
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
    ["drain", "0"],
    ["drain", "3601"],
    ["drain", "1m"],
    ["busMedia", "udp"],
    ["busPort", "65536"],
    ["busPrefix", "a b"],
    ["busPrefix", "rooms.*"],
    ["region", "x".repeat(65)],
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
      "--prot is not known: allowed are --config-file, --port, --host, --media-host, --announce, --backend, --workers, --room-peers-per-worker, --udp-port, --udp-ports, " +
      "--tcp-port, --dtls-cert, --dtls-key, --tls-cert, --tls-key, --tls-self-signed, --stun, --turn, --turn-secret, " +
      "--auth-secret, --auth-jwks, --auth-issuer, --auth-audience, --duplicate-identity, --production, --codecs, " +
      "--max-rooms, --max-peers, --max-tracks, --max-bitrate-in, --max-bitrate-out, --loudest, --joins-per-minute, " +
      "--requests-per-minute, --max-connections, --max-connections-per-address, --join-timeout, --origins, --trust-proxy, " +
      "--bus, --bus-ca, --bus-prefix, --bus-media, --bus-port, --region, --drain, --webhook, --webhook-secret, --webhook-private, " +
      "--metrics-port, --metrics-host, --log and --help",
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

Deno.test({
  name: "B444: the URL of a broker may have credentials, which no message repeats; who has one has no media workers",
  permissions: "none",
  fn() {
    const url = "nats://user:p%40ss@broker.example:4222";
    const { bus, busPrefix, region } = accepted(["--bus-prefix=calls.test", "--region=eu-1"], { BUS: url });
    assert.deepEqual([bus, busPrefix, region], [url, "calls.test", "eu-1"]);
    for (const given of ["redis://127.0.0.1", "rediss://:p@broker", "tls://[::1]"]) {
      assert.equal(accepted([`--bus=${given}`, "--workers=0"]).bus, given);
    }
    for (const given of ["http://user:secret@broker", "secret", "nats://", "redis://a:secret@broker:0"]) {
      const message = refused([`--bus=${given}`]);
      assert.match(message, /^--bus is not allowed: expected a URL that begins with nats:/);
      assert.doesNotMatch(message, /secret/);
    }
    const workers = "--workers has no meaning with --bus: a server that shares rooms carries its media itself";
    for (const given of ["1", "auto"]) assert.equal(refused([`--bus=${url}`, `--workers=${given}`]), workers);
    assert.match(refused(["--region=eu"]), /^--region is about servers that share rooms/);
  },
});
