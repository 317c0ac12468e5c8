import { isMissing } from "./missing_program.ts";

/** The programs to run; the test runner gives the paths that it found. */
const IP = Deno.env.get("IPROUTE") || "ip";
const UNSHARE = Deno.env.get("UNSHARE") || "unshare";
const NSENTER = Deno.env.get("NSENTER") || "nsenter";

/** Repeats what it reads, and ends when its input does: at the latest when the process of the test has ended. */
const HOLDER = "cat";

/** What a test needs to make namespaces and to run programs in them. */
export const NAMESPACE_PERMISSIONS = { run: [UNSHARE, NSENTER] } satisfies Deno.PermissionOptionsObject;

/** Whether this machine gives no namespaces: a program is missing, or it takes another user. */
export const WITHOUT_NAMESPACES = ["ip", "unshare", "nsenter"].some(isMissing) || !canUnshare();

/** A program with its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * A network stack of its own: interfaces, addresses, routes and rules (network_namespaces(7)). It has no name. A process
 * holds it, so when that and the programs in it have ended, in whatever way, the kernel takes it away with all that is
 * in it.
 */
export class NetworkNamespace implements AsyncDisposable {
  readonly #holder: Deno.ChildProcess;

  private constructor(holder: Deno.ChildProcess) {
    this.#holder = holder;
  }

  static async create(): Promise<NetworkNamespace> {
    const args = ["--net", HOLDER];
    const holder = new Deno.Command(UNSHARE, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
    const namespace = new NetworkNamespace(holder);
    if (!await namespace.#echoes()) throw new Error("no network namespace can be made");
    await namespace.ip("link", "set", "lo", "up");
    return namespace;
  }

  /** How to run a program in it. */
  command({ program, args }: Command): Command {
    return { program: NSENTER, args: [`--net=/proc/${this.#holder.pid}/ns/net`, program, ...args] };
  }

  /** Runs ip(8) in it. Throws an Error that says what it did not take. */
  async ip(...words: readonly string[]): Promise<void> {
    const { program, args } = this.command({ program: IP, args: words });
    const { success, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
    if (!success) throw new Error(`ip ${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }

  /** Puts a wire between an interface `eth0` here and one there. */
  async join(other: NetworkNamespace): Promise<void> {
    const peer = ["peer", "name", "eth0", "netns", `${other.#holder.pid}`];
    await this.ip("link", "add", "eth0", "type", "veth", ...peer);
    for (const end of [this, other]) await end.ip("link", "set", "eth0", "up");
  }

  /** The programs in it must have ended before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.stdin.close();
    await this.#holder.status;
  }

  /** Whether the holder runs. Until then it is in the machine's own namespace, and so would be what enters it. */
  async #echoes(): Promise<boolean> {
    const writer = this.#holder.stdin.getWriter();
    const [written] = await Promise.allSettled([writer.write(new Uint8Array(1))]);
    writer.releaseLock();
    if (written.status === "rejected") return false;
    const reader = this.#holder.stdout.getReader();
    const { done } = await reader.read();
    await reader.cancel();
    return !done;
  }
}

function canUnshare(): boolean {
  return new Deno.Command(UNSHARE, { args: ["--net", IP, "link"], stdout: "null", stderr: "null" }).outputSync()
    .success;
}
