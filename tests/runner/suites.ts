/** A set of tests that need the same permissions. */
export interface Suite {
  readonly name: string;
  readonly folders: readonly string[];
  /** Flags of `deno test`; each test narrows them further. */
  readonly permissions: readonly string[];
  /** A suite that takes longer is ended and counts as failed. */
  readonly timeoutMs: number;
  /**
   * Processes that share its files and run side by side; left out, one. Threads of one process would not do: tests count
   * what their process holds. Nothing in them may need the machine for itself.
   */
  readonly processes?: number;
  /**
   * Shares of its files, each of which is one process's; left out, as many as processes. With more of them no process is
   * left with what takes long while the others have ended; each costs a second to start.
   */
  readonly shares?: number;
  /** Of its processes (nice(1)); left out, 0, or 19 where it gives way. */
  readonly niceness?: number;
  /** Whether it runs beside all others, in the time that they leave: it takes long, and nothing in it must be quick. */
  readonly givesWay?: boolean;
  /** Whether its tests need something to happen in real time, and one that failed is run again, alone. */
  readonly isTimed?: boolean;
  /** Whether its tests use the browsers that are started for all of them. */
  readonly sharesBrowsers?: boolean;
  /** Whether it runs clients that are no part of the project. */
  readonly usesInterop?: boolean;
  /** Whether it compiles the server. */
  readonly usesDenort?: boolean;
}

/** What the suites get from the machine. */
export interface Surroundings {
  /** A folder for what tests write, removed after the run. */
  readonly temporaryFolder: string;
  /** Paths of the programs that were found. */
  readonly programs: readonly string[];
}

const LOOPBACK = "--allow-net=127.0.0.1,localhost,[::1]";
/** Another address of the same machine, for clients that move. */
const LOOPBACK_AND_SECOND = `${LOOPBACK},127.0.0.2`;
/** An address that no machine has (RFC 5737): to see a bind fail. */
const LOOPBACK_AND_NOWHERE = `${LOOPBACK_AND_SECOND},192.0.2.1`;
const MINUTE_MS = 60_000;

export function suites({ temporaryFolder, programs }: Surroundings): Suite[] {
  const run = `--allow-run=${[Deno.execPath(), ...programs].join(",")}`;
  return [
    {
      name: "unit",
      folders: ["src", "static", "bench", "tests/harness"],
      permissions: [
        "--allow-env",
        `--allow-read=src,static,docs,tests/fixtures,tests/harness,${temporaryFolder}`,
        `--allow-write=${temporaryFolder}`,
        "--allow-sys=networkInterfaces",
        "--allow-ffi",
        LOOPBACK_AND_NOWHERE,
      ],
      timeoutMs: 10 * MINUTE_MS,
      processes: 2,
    },
    // To kill a process group takes the permission to run anything.
    {
      name: "runner",
      folders: ["tests/runner"],
      permissions: ["--allow-run", "--allow-read", "--allow-write", "--allow-env"],
      timeoutMs: MINUTE_MS,
    },
    { name: "architecture", folders: ["tests/architecture"], permissions: ["--allow-read=."], timeoutMs: MINUTE_MS },
    {
      name: "integration",
      folders: ["tests/integration"],
      permissions: [
        "--allow-env",
        `--allow-read=.,${temporaryFolder}`,
        `--allow-write=${temporaryFolder}`,
        LOOPBACK_AND_SECOND,
        "--allow-sys=networkInterfaces",
        "--allow-ffi",
        // By a shell a server gets few file descriptors.
        `${run},sh`,
      ],
      timeoutMs: 10 * MINUTE_MS,
      processes: 4,
      shares: 20,
      // The thread of a server that shakes hands gives way to media by as much, and so to each test that runs beside it:
      // some had to wait for it for more than ten seconds.
      niceness: 10,
      isTimed: true,
      usesInterop: true,
    },
    {
      name: "e2e",
      folders: ["tests/e2e"],
      permissions: [
        "--allow-env",
        `--allow-read=.,${temporaryFolder}`,
        `--allow-write=${temporaryFolder}`,
        "--allow-sys=networkInterfaces",
        LOOPBACK,
        run,
      ],
      timeoutMs: 22 * MINUTE_MS,
      isTimed: true,
      sharesBrowsers: true,
    },
    // Installs a Debian and containers, with all that they need of this machine.
    {
      name: "deploy",
      folders: ["tests/deploy"],
      permissions: [
        "--allow-env",
        "--allow-read",
        `--allow-write=${temporaryFolder}`,
        "--allow-run",
        "--allow-net",
        "--allow-sys=uid",
      ],
      timeoutMs: 15 * MINUTE_MS,
      givesWay: true,
      isTimed: true,
      usesDenort: true,
    },
  ];
}
