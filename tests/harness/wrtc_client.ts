import { Journal } from "./journal.ts";

/** Where the client is installed; the test runner tells. Without one its tests are skipped. */
const FOLDER = Deno.env.get("INTEROP") ?? "";

/** What a test of the client declares. */
export const WITH_WRTC = { run: [Deno.execPath()], ignore: FOLDER === "" };

/** What the client hears, sees, and is told; see tests/interop/wrtc_client.js. */
export type WrtcEvent =
  | { readonly kind: "video"; readonly width: number; readonly height: number; readonly brightness: number }
  | { readonly kind: "audio"; readonly hertz: number }
  | { readonly kind: "error"; readonly code: string };

/** A client by libwebrtc, in a process of its own. */
export class WrtcClient implements AsyncDisposable {
  readonly events = new Journal<WrtcEvent>();
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  /** By WebSocket it joins a room; an endpoint of WHIP says which room. */
  constructor(url: string, roomId?: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "wrtc_client.js", url, ...(roomId === undefined ? [] : [roomId])],
      cwd: FOLDER,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#reading;
    await this.#child.status;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.events.add(JSON.parse(line));
    }
  }
}
