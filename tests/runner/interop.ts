/** What installing takes of the machine; tests give their own. */
export interface Installer {
  readonly copy: (from: string, to: string) => Promise<void>;
  /** Whether `deno` with these arguments ended well in the folder. */
  readonly deno: (args: readonly string[], folder: string) => Promise<boolean>;
  readonly print: (line: string) => void;
}

/** The client, what it imports, and the lock of that: nobody who runs the server downloads it. */
const FILES = ["package.json", "deno.lock", "wrtc_client.js"];
const CLIENT = "wrtc_client.js";

/**
 * Installs the clients of `from` in the folder `to`, which is there. False where it cannot, or where their library does
 * not run on this machine; it says so, and the tests that need them are skipped.
 */
export async function installInterop(from: string, to: string, { copy, deno, print }: Installer): Promise<boolean> {
  for (const file of FILES) await copy(`${from}/${file}`, `${to}/${file}`);
  for (const args of [["install", "--frozen", "--quiet"], ["run", "-A", CLIENT]]) {
    if (await deno(args, to)) continue;
    print(`libwebrtc is not to be had here (deno ${args.join(" ")}), so the tests that need it are skipped.`);
    return false;
  }
  return true;
}

/** This machine. */
export function thisInstaller(print: (line: string) => void): Installer {
  return {
    copy: (from, to) => Deno.copyFile(from, to),
    deno: async (args, cwd) => {
      const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, stdin: "null", stdout: "null" });
      return (await command.spawn().status).success;
    },
    print,
  };
}
