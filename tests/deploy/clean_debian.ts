import { childOf, outputOf, quote, UNSHARE } from "./shell.ts";

const NSENTER = Deno.env.get("NSENTER") || "nsenter";
const DEBOOTSTRAP = Deno.env.get("DEBOOTSTRAP") || "debootstrap";

/** What a test needs that makes one. */
export const CLEAN_DEBIAN_PROGRAMS = ["debootstrap", "nsenter", "ip"];

/** With an init system, as an installed Debian has it. */
const PACKAGES = "systemd,systemd-sysv,dbus";
const DEVICES = "null zero full random urandom tty";

/** The init system answers a moment after its start. A unit of Debian's that has no place here is no harm (degraded). */
const UNTIL_IT_RUNS = `
  for try in $(seq 600); do
    state=$(systemctl is-system-running 2>&1 || true)
    case "$state" in running | degraded) exit ;; esac
    sleep 0.1
  done
  echo "$state"
  systemctl list-jobs
  exit 1`;

/** This machine may reach registries by an authority of its own. */
const AUTHORITIES = "/srv/authorities.pem";

/** Which network a command is on: this machine's, for what it downloads, or the one of its own, which has only itself. */
export type Network = "machine" | "own";

/** A Debian that has just been installed in a folder, with systemd as process 1 in namespaces of its own. It takes root. */
export class CleanDebian implements AsyncDisposable {
  readonly #root: string;
  readonly #holder: Deno.ChildProcess;
  #init = 0;

  private constructor(root: string, holder: Deno.ChildProcess) {
    this.#root = root;
    this.#holder = holder;
  }

  /** Installs it in `root`, an empty folder, from the mirror that this machine has. Throws an Error where that fails. */
  static async start(release: string, root: string): Promise<CleanDebian> {
    const mirror = await outputOf("sh", ["-c", "apt-get indextargets --format '$(SITE)' | grep -v security | sort -u"]);
    await outputOf(DEBOOTSTRAP, [
      "--variant=minbase",
      `--include=${PACKAGES}`,
      release,
      root,
      mirror.trim().split("\n")[0],
    ]);
    // A temporary folder is its owner's alone; here it is everybody's root.
    await outputOf("chmod", ["755", root]);
    // How this machine reaches the registries that the installation downloads from.
    await outputOf("install", ["-m", "644", "/etc/resolv.conf", `${root}/etc/resolv.conf`]);
    const authorities = Deno.env.get("SSL_CERT_FILE");
    if (authorities) await outputOf("install", ["-m", "644", authorities, `${root}${AUTHORITIES}`]);
    const holder = new Deno.Command(UNSHARE, {
      args: ["--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child", "sh", "-euc", bootScript(root)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const debian = new CleanDebian(root, holder);
    try {
      const reader = holder.stdout.getReader();
      await reader.read();
      await reader.cancel();
      debian.#init = await childOf(holder.pid);
      await debian.run(UNTIL_IT_RUNS);
      return debian;
    } catch (error) {
      await debian[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a script as its root. Resolves to the output; throws an Error that holds it where the script fails. */
  async run(script: string, { network = "own", env = {} }: { network?: Network; env?: Record<string, string> } = {}) {
    const namespaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", ...network === "own" ? ["--net"] : []];
    const authorities = Deno.env.get("SSL_CERT_FILE") ? { DENO_CERT: AUTHORITIES } : {};
    const pairs = Object.entries({ HOME: "/root", ...authorities, ...env }).map(([name, value]) => `${name}=${value}`);
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const command = [
      "env",
      "-i",
      path,
      "DEBIAN_FRONTEND=noninteractive",
      ...pairs,
      "bash",
      "-euo",
      "pipefail",
      "-c",
      script,
    ];
    return await outputOf(NSENTER, [`--target=${this.#init}`, ...namespaces, "--root", "--wd=/", ...command]);
  }

  /** Ends it with all that runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Process 1 ends after all others of its namespace.
    if (this.#init > 0) Deno.kill(this.#init, "SIGKILL");
    else this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await outputOf(UNSHARE, ["--mount", "sh", "-euc", removeCgroupScript(this.#root)]);
  }
}

/** Its services are below a control group of its own. */
function cgroupOf(root: string): string {
  return root.replace(/^.*\//, "switchboard-");
}

/** Makes the mounts that a container has, and becomes the init system. The kernel's settings stay those of this machine. */
function bootScript(root: string): string {
  return [
    `R=${quote(root)}`,
    "mount --bind $R $R",
    "mount -t proc proc $R/proc",
    "mount --bind $R/proc/sys $R/proc/sys",
    "mount -o remount,bind,ro $R/proc/sys",
    "mount -t sysfs -o ro sysfs $R/sys",
    "mount -t cgroup2 cgroup2 $R/sys/fs/cgroup",
    `mkdir $R/sys/fs/cgroup/${cgroupOf(root)}`,
    `echo 0 > $R/sys/fs/cgroup/${cgroupOf(root)}/cgroup.procs`,
    "umount $R/sys/fs/cgroup",
    "mount -t tmpfs tmpfs $R/run",
    "mount -t tmpfs tmpfs $R/tmp",
    "mount -t tmpfs -o mode=755 dev $R/dev",
    `for name in ${DEVICES}; do touch $R/dev/$name; mount --bind /dev/$name $R/dev/$name; done`,
    "mkdir $R/dev/pts $R/dev/shm",
    "mount -t devpts -o newinstance,ptmxmode=0666 devpts $R/dev/pts",
    "ln -s pts/ptmx $R/dev/ptmx",
    "ip link set lo up",
    // In a control group namespace the group that a process is in is the root. What is printed tells that all is laid out.
    "exec unshare --cgroup sh -euc 'mount -t cgroup2 cgroup2 $0/sys/fs/cgroup; exec env -i container=other " +
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --root=$0 --wd=/ sh -c "$1"\' $R ' +
    quote("echo begins; exec /lib/systemd/systemd >/dev/null"),
  ].join("\n");
}

function removeCgroupScript(root: string): string {
  const groups = `${root}/mnt/${cgroupOf(root)}`;
  return `mount -t cgroup2 cgroup2 ${
    quote(`${root}/mnt`)
  }\nif [ -d ${groups} ]; then find ${groups} -depth -type d -exec rmdir {} +; fi`;
}
