import { VirtualClock } from "./virtual_clock.ts";

/** More promises than the SDK ever awaits one behind the other. */
const MICROTASKS = 20;

/** One end of a WebSocket as the SDK sees it; the test is the network and the server. */
export class FakeWebSocket {
  static readonly OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  /** What the SDK has sent, parsed. */
  readonly sent: { readonly type: string; readonly resume?: string }[] = [];
  /** The code that the SDK has closed it with. */
  closedWith: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code: number): void {
    this.closedWith ??= code;
    this.readyState = 3;
  }

  /** The server accepts the connection. */
  open(): void {
    this.readyState = FakeWebSocket.OPEN;
    this.onopen?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  drop(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** The globals that the SDK's signaling uses, in the hands of a test. */
export class SdkWorld implements Disposable {
  readonly clock = new VirtualClock();
  /** In the order in which they were made, each with its time in ms. */
  readonly sockets: {
    readonly socket: FakeWebSocket;
    readonly atMs: number;
    /** Subprotocols. */
    readonly protocols: readonly string[];
  }[] = [];
  readonly #saved = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(([name]) => REPLACED.has(name));
  readonly #random = Math.random;

  /** `random` is what Math.random returns. */
  constructor(random: number) {
    const { clock, sockets } = this;
    class WebSocket extends FakeWebSocket {
      constructor(_url: string | URL, protocols: readonly string[] = []) {
        super();
        sockets.push({ socket: this, atMs: clock.now(), protocols });
      }
    }
    const globals = {
      WebSocket,
      setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
      clearTimeout: (handle: number) => clock.clearTimeout(handle),
      performance: { now: () => clock.now() },
    };
    for (const [name, value] of Object.entries(globals)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    Math.random = () => random;
  }

  /** A WebSocket that is open. */
  connect(): FakeWebSocket {
    Reflect.construct(WebSocket, ["ws://sfu.example/ws"]);
    this.socket.open();
    return this.socket;
  }

  /** The newest WebSocket. */
  get socket(): FakeWebSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new TypeError("there is no WebSocket");
    return last.socket;
  }

  /** Has promises that are resolved go on. */
  async settle(): Promise<void> {
    for (let i = 0; i < MICROTASKS; i++) await Promise.resolve();
  }

  /** Goes on in steps of 10 ms; what is resolved on the way goes on at its time. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(left, 10));
      await this.settle();
    }
  }

  [Symbol.dispose](): void {
    for (const [name, descriptor] of this.#saved) Object.defineProperty(globalThis, name, descriptor);
    Math.random = this.#random;
  }
}

const REPLACED = new Set(["WebSocket", "setTimeout", "clearTimeout", "performance"]);
