import assert from "node:assert/strict";
import { buildOffer } from "../harness/offer_builder.ts";
import { isMissing } from "../harness/missing_program.ts";
import { CLEAN_DEBIAN_PROGRAMS, CleanDebian, type Network } from "./clean_debian.ts";
import { CANNOT_DEPLOY, outputOf } from "./shell.ts";
import { type ShellBlock, shellBlocks } from "./shell_blocks.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

/** "In under 10 minutes": here without what is replaced, and without the time that somebody reads. */
const LONGEST_MS = 5 * 60_000;

/** Where certbot puts what it gets; the tests put there what openssl makes. */
const LINEAGE = "/etc/letsencrypt/live/sfu.example.org";

/** What the guide has that no test can run; each is in its blocks as it is here. */
const REPLACED: readonly { readonly line: string; readonly by: string }[] = [
  // Sets the name; here it leads to the machine itself.
  { line: "export DOMAIN=sfu.example.org", by: 'echo "127.0.0.1 $DOMAIN" >> /etc/hosts' },
  // Downloads the very program that runs this test.
  {
    line: "curl -fsSL https://deno.land/install.sh | DENO_INSTALL=/usr/local sh -s v2.9.6",
    by: "install -m 755 /srv/deno /usr/local/bin/deno",
  },
  { line: 'git clone "$REPOSITORY" /opt/switchboard', by: "cp -R /srv/switchboard /opt/switchboard" },
  { line: "git pull --ff-only", by: "" },
  // Let's Encrypt is out of reach: a certificate for the same name, which goes the same way from there on.
  {
    line: "apt-get install -y --no-install-recommends certbot openssl",
    by: "openssl version",
  },
  {
    line:
      'certbot certonly --non-interactive --agree-tos --register-unsafely-without-email --standalone --domain "$DOMAIN" --deploy-hook /opt/switchboard/deploy/certbot_hook.sh',
    by: renewal(),
  },
  // Here there is no firewall.
  { line: "ufw allow 80,443,3478/tcp", by: "" },
  { line: "ufw allow 3478/udp", by: "" },
  // It is the kernel's setting, not that of a namespace: that of this machine stays.
  {
    line: "sysctl --quiet --load=/etc/sysctl.d/60-switchboard.conf",
    by: "test -e /etc/sysctl.d/60-switchboard.conf",
  },
];

/** Other ways to the same: one would take Node.js, the other Docker, which `image_test.ts` does without. */
const OTHER_WAYS = ["Deno from npm", "Docker"];

/** The guide's last step begins the service anew. */
const ASK_HEALTH = "curl --fail --silent --retry 10 --retry-connrefused https://sfu.example.org/healthz";

/** What downloads has this machine's network. */
const NETWORKS: Readonly<Record<string, Network>> = { Deno: "machine", Switchboard: "machine" };

/** What certbot does whenever it gets a certificate. */
function renewal(): string {
  return `mkdir -p ${LINEAGE}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=$DOMAIN \\
      -addext subjectAltName=DNS:$DOMAIN -keyout ${LINEAGE}/privkey.pem -out ${LINEAGE}/fullchain.pem 2>&1
    RENEWED_LINEAGE=${LINEAGE} /opt/switchboard/deploy/certbot_hook.sh`;
}

function replaced(script: string): string {
  return script.split("\n").map((line) => REPLACED.find((known) => known.line === line)?.by ?? line).join("\n");
}

function readGuide(): ShellBlock[] {
  const blocks = shellBlocks(Deno.readTextFileSync(`${ROOT}docs/deploy.md`));
  for (const heading of OTHER_WAYS) assert(blocks.some((block) => block.heading === heading), heading);
  return blocks.filter(({ heading }) => !OTHER_WAYS.includes(heading));
}

Deno.test({
  name: "what the test of the guide replaces is in the guide",
  permissions: { read: [ROOT] },
  fn() {
    const lines = readGuide().flatMap(({ script }) => script.split("\n"));
    for (const { line } of REPLACED) assert(lines.includes(line), line);
  },
});

/** A copy of the sources and of Deno, where the guide finds them. */
async function layOut(root: string): Promise<void> {
  const script = `mkdir -p ${root}/srv/switchboard && cp ${Deno.execPath()} ${root}/srv/deno &&
    cd ${ROOT} && cp -R deno.json deno.lock main.ts src static deploy docs ${root}/srv/switchboard`;
  await outputOf("sh", ["-euc", script]);
}

Deno.test({
  name: "B269: the guide's commands make a server with TLS and tokens of a clean Debian",
  permissions: { run: true, read: true, write: [FOLDER], env: true },
  ignore: CANNOT_DEPLOY || CLEAN_DEBIAN_PROGRAMS.some(isMissing),
  async fn() {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    try {
      await using debian = await CleanDebian.start("bookworm", folder);
      await layOut(folder);
      await withJournal(debian, () => follow(debian));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Does what the guide says, and looks at what came of it. */
async function follow(debian: CleanDebian): Promise<void> {
  const env = { DOMAIN: "sfu.example.org", CURL_CA_BUNDLE: `${LINEAGE}/fullchain.pem` };
  const startMs = performance.now();
  const outputs = new Map<string, string>();
  for (const { heading, script } of readGuide()) {
    outputs.set(heading, await debian.run(replaced(script), { network: NETWORKS[heading] ?? "own", env }));
  }
  assert(performance.now() - startMs < LONGEST_MS);
  const health = JSON.parse(await debian.run(ASK_HEALTH, { env }));
  assert.equal(health.backend, "native", JSON.stringify(health));
  await asksForToken(debian, outputs.get("Check")?.trim() ?? "", env);
  await takesRenewal(debian, env);
  await takesSettings(debian);
  await confined(debian);
}

type Environment = Readonly<Record<string, string>>;

/** Publishing by WHIP is allowed to whoever has the guide's token, and to nobody else. */
async function asksForToken(debian: CleanDebian, token: string, env: Environment): Promise<void> {
  const post = (authorization: string) =>
    debian.run(
      `curl --silent --output /dev/null --write-out '%{http_code}' --data-binary @- \\
        --header 'Content-Type: application/sdp' ${authorization} https://sfu.example.org/whip/lobby <<'END'\n${OFFER}END\n`,
      { env },
    );
  assert.equal(await post(""), "401");
  assert.equal(await post(`--header 'Authorization: Bearer ${token}x'`), "401");
  assert.equal(await post(`--header 'Authorization: Bearer ${token}'`), "201");
}

/** A certificate that certbot renews is shown without a restart. */
async function takesRenewal(debian: CleanDebian, env: Environment): Promise<void> {
  const started = "systemctl show --property=MainPID switchboard";
  const before = await debian.run(started);
  await debian.run(renewal(), { env });
  // The old one is no authority of the new one: curl fails until the new one is shown.
  await debian.run(
    "curl --fail --silent --retry 60 --retry-delay 1 --retry-all-errors https://sfu.example.org/healthz",
    {
      env,
    },
  );
  assert.equal(await debian.run(started), before);
}

/** Settings that change are taken by a reload, without a restart. */
async function takesSettings(debian: CleanDebian): Promise<void> {
  const started = "systemctl show --property=MainPID switchboard";
  const before = await debian.run(started);
  await debian.run(`echo MAX_ROOMS=900 >> /etc/switchboard/switchboard.env
    systemctl reload switchboard
    for n in $(seq 100); do
      if journalctl --no-pager --unit=switchboard | grep -q "changed: --max-rooms"; then exit 0; fi
      sleep 0.1
    done
    exit 1`);
  assert.equal(await debian.run(started), before);
}

/** A failure is told with what the service has logged. */
async function withJournal(debian: CleanDebian, test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (cause) {
    const journal = await debian.run("journalctl --no-pager --lines=40");
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${journal}`, { cause });
  }
}

/** What the unit promises of the process that runs. */
async function confined(debian: CleanDebian): Promise<void> {
  // The task's own process is the first, the server that it runs the last.
  const status = await debian.run(
    "cat /proc/$(tail -n 1 /sys/fs/cgroup/system.slice/switchboard.service/cgroup.procs)/status",
  );
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1];
  assert.match(field("Uid") ?? "", /^(6\d{4})\t\1\t\1\t\1$/);
  assert.equal(field("NoNewPrivs"), "1");
  assert.equal(field("Seccomp"), "2");
  // CAP_NET_BIND_SERVICE alone.
  for (const set of ["CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.equal(Number(`0x${field(set)}`), 1 << 10, set);
  await debian.run("systemctl stop switchboard");
  const end = await debian.run("systemctl show --property=Result,ExecMainStatus switchboard");
  assert.deepEqual(end.trim().split("\n").sort(), ["ExecMainStatus=0", "Result=success"]);
}
