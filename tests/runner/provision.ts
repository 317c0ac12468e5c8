import { UsageError } from "./arguments.ts";

/** A program that tests need beside deno. */
export interface Program {
  readonly name: string;
  /** Names a path to use instead; the suites get the path that was found under the same name. */
  readonly variable: string;
  readonly debianPackage: string;
}

export const PROGRAMS: readonly Program[] = [
  { name: "chromium", variable: "CHROME", debianPackage: "chromium" },
  { name: "firefox-esr", variable: "FIREFOX", debianPackage: "firefox-esr" },
  { name: "openssl", variable: "OPENSSL", debianPackage: "openssl" },
  { name: "gnutls-cli", variable: "GNUTLS_CLI", debianPackage: "gnutls-bin" },
  // For browsers on a machine of their own.
  { name: "ip", variable: "IPROUTE", debianPackage: "iproute2" },
  { name: "unshare", variable: "UNSHARE", debianPackage: "util-linux" },
  { name: "nsenter", variable: "NSENTER", debianPackage: "util-linux" },
  { name: "prometheus", variable: "PROMETHEUS", debianPackage: "prometheus" },
  { name: "promtool", variable: "PROMTOOL", debianPackage: "prometheus" },
  // What nodes on several machines share rooms by.
  { name: "nats-server", variable: "NATS_SERVER", debianPackage: "nats-server" },
  { name: "redis-server", variable: "REDIS_SERVER", debianPackage: "redis-server" },
  { name: "sh", variable: "POSIX_SHELL", debianPackage: "dash" },
  // For what is run as the deployment guide says: a Debian that has just been installed, and its services.
  { name: "debootstrap", variable: "DEBOOTSTRAP", debianPackage: "debootstrap" },
  { name: "systemd-analyze", variable: "SYSTEMD_ANALYZE", debianPackage: "systemd" },
];

/** How the runner acts on the machine; tests give their own. */
export interface Machine {
  readonly isRoot: boolean;
  /** The path of a program, by its name in PATH or by its path; undefined where there is none. */
  readonly find: (nameOrPath: string) => string | undefined;
  /** Whether the command ended well. */
  readonly execute: (command: readonly string[]) => Promise<boolean>;
  readonly print: (line: string) => void;
}

export interface Provision {
  readonly path?: string;
  readonly program: Program;
}

/**
 * Finds a program, or installs it where this is Debian and the user is root. Where it cannot, it prints the command to
 * run, and the tests that need the program are skipped. Throws a UsageError where `wanted`, the path that the user gave,
 * is no program.
 */
export async function provision(program: Program, wanted: string | undefined, machine: Machine): Promise<Provision> {
  const path = machine.find(wanted || program.name);
  if (path !== undefined) return { program, path };
  if (wanted) throw new UsageError(`${program.variable}=${wanted} is no program`);
  if (machine.isRoot && machine.find("apt-get") !== undefined) {
    machine.print(`${program.name} is not there: installing it`);
    for (const command of installCommands(program)) if (!await machine.execute(command)) break;
    const installed = machine.find(program.name);
    if (installed !== undefined) return { program, path: installed };
  }
  const commands = installCommands(program).map((command) => `sudo ${command.join(" ")}`).join(" && ");
  machine.print(`${program.name} is not there, so the tests that need it are skipped. To install it:\n  ${commands}`);
  machine.print(`Where it is installed under another name: ${program.variable}=<path> deno task test`);
  return { program };
}

function installCommands({ debianPackage }: Program): string[][] {
  return [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", debianPackage]];
}

/** The environment that tells the suites where the programs are, and which are missing. */
export function environmentOf(provisions: readonly Provision[]): Record<string, string> {
  const missing = provisions.filter(({ path }) => path === undefined).map(({ program }) => program.name);
  return {
    ...Object.fromEntries(provisions.map(({ program, path }) => [program.variable, path ?? ""])),
    SKIP_PROGRAMS: missing.join(","),
  };
}

/** This machine. */
export function thisMachine(print: (line: string) => void): Machine {
  return {
    isRoot: Deno.uid() === 0,
    find: (nameOrPath) => candidates(nameOrPath).find(isExecutable),
    execute: async ([program, ...args]) => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "inherit", stderr: "inherit" });
      return (await child.spawn().status).success;
    },
    print,
  };
}

function candidates(nameOrPath: string): string[] {
  if (nameOrPath.includes("/")) return [nameOrPath];
  return (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${nameOrPath}`);
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
