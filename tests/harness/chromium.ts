import { Browser, permissionsToDrive, WINDOW } from "./browser.ts";
import type { BrowserCommand } from "./browser_process.ts";
import { isMissing } from "./missing_program.ts";
import type { NetworkNamespace } from "./network_namespace.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // What would drop down from the address bar is a page of its own, made for each user: half of what a new page takes.
  "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
  "--autoplay-policy=no-user-gesture-required",
  // Pages stand side by side: none of them is in the background.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** For pages of this machine: the loopback interface is no candidate otherwise. */
const LOCAL_FLAGS = ["--allow-loopback-in-peer-connection", "--remote-debugging-port=0"];

/** The programs to run; the test runner gives the paths that it found. */
const CHROMIUM = Deno.env.get("CHROME") || "chromium";
/** Of one that runs for all tests; empty where each starts its own. */
const ENDPOINT = Deno.env.get("CHROMIUM_ENDPOINT");
const SHELL = Deno.env.get("POSIX_SHELL") || "sh";

/** Chromium's debugging pipe is its descriptors 3 and 4; a Deno.Command has none but the first three. */
const PIPE_SCRIPT = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null';

export const WITHOUT_CHROMIUM = isMissing("chromium");

/** What a test needs to start Chromium and drive it. */
export const CHROMIUM_PERMISSIONS = permissionsToDrive(CHROMIUM);

/** Who sits before the browser, and with what. */
export interface ChromiumMachine {
  /** Fake cameras, 1 unless given; there is always one fake microphone. */
  readonly cameras?: number;
  /** Whether the user says yes whenever a page wants a device. If not, what the page's context permits decides. */
  readonly agrees?: boolean;
  /** A name that is this machine, as others call it. */
  readonly hostName?: string;
  /** SHA-256 of the public key (SubjectPublicKeyInfo) that HTTPS servers may show although nobody vouches for it, in Base64. */
  readonly trustedKey?: string;
}

export interface ChromiumOptions extends ChromiumMachine {
  /** Whether the test hears of each request of a page, which takes time. */
  readonly hearsRequests?: boolean;
  /** Whether it is this test's own browser, which it may crash; so it is where anything above is other than usual. */
  readonly isOwn?: boolean;
}

/** A machine of its own, which reaches the server over a network that is no loopback. */
export interface RemoteMachine {
  readonly namespace: NetworkNamespace;
  /** Whose pages may use devices although no certificate vouches for them. */
  readonly trustedOrigin: string;
}

/** Gives Chromium, which is driven over its DevTools protocol: the one that all tests share, or a new one. */
export async function startChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const { hearsRequests = false, isOwn = false, ...machine } = options;
  const shared = isOwn || Object.keys(machine).length > 0 ? undefined : ENDPOINT;
  return await start((folder) => chromiumCommand(folder, machine), { shared, hearsRequests });
}

/** How Chromium is started for the pages of this machine. */
export function chromiumCommand(folder: string, options: ChromiumMachine = {}, program = CHROMIUM): BrowserCommand {
  const { cameras = 1, agrees = true, hostName, trustedKey } = options;
  const devices = `--use-fake-device-for-media-stream=device-count=${cameras}`;
  const consent = agrees ? ["--use-fake-ui-for-media-stream"] : [];
  const https = [
    ...(hostName === undefined ? [] : [`--host-resolver-rules=MAP ${hostName} 127.0.0.1`]),
    ...(trustedKey === undefined ? [] : [`--ignore-certificate-errors-spki-list=${trustedKey}`]),
  ];
  return {
    program,
    args: [...FLAGS, ...LOCAL_FLAGS, devices, ...consent, ...https, `--user-data-dir=${folder}`, "about:blank"],
    endpoint: /DevTools listening on (ws:\/\/\S+)/,
  };
}

/** Starts Chromium on another machine. It is driven by a pipe: no socket leads there. */
export async function startRemoteChromium({ namespace, trustedOrigin }: RemoteMachine): Promise<Browser> {
  const devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  const remote = ["--remote-debugging-pipe", `--unsafely-treat-insecure-origin-as-secure=${trustedOrigin}`];
  return await start((folder) => {
    const flags = [...FLAGS, ...devices, ...remote, `--user-data-dir=${folder}`];
    return namespace.command({ program: SHELL, args: ["-c", PIPE_SCRIPT, CHROMIUM, ...flags] });
  });
}

async function start(
  command: (folder: string) => BrowserCommand,
  { shared, hearsRequests = false }: { readonly shared?: string | undefined; readonly hearsRequests?: boolean } = {},
): Promise<Browser> {
  return await Browser.start({
    command: (folder) => Promise.resolve(command(folder)),
    connection: { networkEnabled: hearsRequests, defaultViewport: WINDOW },
    pagesIn: "tab",
    shared,
  });
}
