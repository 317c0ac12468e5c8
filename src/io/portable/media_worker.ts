/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The entry of a portable media worker: the media of its peers, in an isolate that runs its event loop. */
import { BroadcastBus } from "../../bus/broadcast_bus.ts";
import type { SocketHandle } from "../../media/messages.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { systemClock } from "../clock.ts";
import { LocalMedia } from "../local_media.ts";
import { type HostedMedia, TICK_MS } from "../media_host.ts";
import { cryptoRandom } from "../random.ts";
import { portableCiphers } from "./cipher.ts";
import { PortableSockets } from "./sockets.ts";
import { SocketsAhead } from "./sockets_ahead.ts";
import type { FromPortableWorker, PortableWorkerStart, ToPortableWorker } from "./worker_messages.ts";

/** Sockets that wait for peers: a burst of joins may take as many before this isolate has its turn. */
const SOCKETS_AHEAD = 32;

function post(message: FromPortableWorker): void {
  self.postMessage(message);
}

class PortableWorker {
  readonly #hostname: string;
  readonly #sockets = new SocketsAhead(new PortableSockets());
  readonly #media: LocalMedia;
  readonly #peers = new Map<number, HostedMedia>();
  /** Sockets that are open for peers to come. */
  #ahead = 0;
  #ticking: number | undefined;
  #ssrcs = 0;

  constructor({ hostname, node, busPrefix }: PortableWorkerStart) {
    this.#hostname = hostname;
    this.#media = new LocalMedia({
      sockets: this.#sockets,
      ciphers: portableCiphers,
      clock: systemClock,
      random: cryptoRandom,
      bus: {
        open: (hooks) => ({
          driver: "broadcast",
          bus: new BroadcastBus({ node, prefix: busPrefix, random: cryptoRandom, ...hooks }),
        }),
      },
      relayFaulty: (trackId, detail) => post({ type: "relayFaulty", trackId, detail }),
    });
    this.#openAhead();
  }

  handle(message: ToPortableWorker): void {
    if (message.to === "worker") return this.#obey(message.order);
    if (message.to === "relay") this.#media.relay(message.command);
    else this.#tell(message);
    this.#media.flush();
    this.#tick();
  }

  #obey(order: "gather" | "beat" | "stop"): void {
    if (order === "beat") {
      this.#openAhead();
      return post({ type: "beat" });
    }
    if (order === "gather") {
      return void this.#media.gather().then(([{ figures }]) => post({ type: "figures", figures }));
    }
    if (this.#ticking !== undefined) systemClock.clearTimeout(this.#ticking);
    this.#media.close().then(() => {
      post({ type: "stopped" });
      self.close();
    });
  }

  #tell({ peer, command }: Extract<ToPortableWorker, { readonly to: "peer" }>): void {
    if (command.type === "open") {
      const { type: _type, socket, ...opening } = command;
      this.#sockets.take(socket);
      try {
        const media = this.#media.openPeer(this.#hostname, opening, (event) => post({ type: "peer", peer, event }));
        this.#peers.set(peer, media);
      } catch (error) {
        post({ type: "peer", peer, event: { type: "ended", reason: "fault", detail: messageOf(error) } });
      }
      this.#ahead--;
      return this.#openAhead();
    }
    this.#peers.get(peer)?.send(command);
    if (command.type !== "close") return;
    this.#peers.delete(peer);
    post({ type: "released", peer });
    this.#openAhead();
  }

  /** Has as many as there should be: where one could not be opened, the next time. */
  #openAhead(): void {
    const handles: SocketHandle[] = [];
    let reason = "";
    try {
      while (this.#ahead + handles.length < SOCKETS_AHEAD) handles.push(this.#sockets.openAhead(this.#hostname));
    } catch (error) {
      reason = messageOf(error);
    }
    this.#ahead += handles.length;
    if (handles.length > 0) post({ type: "sockets", handles });
    if (reason !== "") post({ type: "noSockets", reason });
  }

  #tick(): void {
    if (this.#ticking !== undefined || !this.#media.needsTicks) return;
    this.#ticking = systemClock.setTimeout(() => {
      this.#ticking = undefined;
      this.#media.handleTimeout(systemClock.now());
      this.#countSsrcs();
      this.#tick();
    }, TICK_MS);
  }

  #countSsrcs(): void {
    const ssrcs = this.#media.ssrcCount;
    if (ssrcs !== this.#ssrcs) post({ type: "counters", ssrcs });
    this.#ssrcs = ssrcs;
  }
}

let worker: PortableWorker | undefined;
self.addEventListener("message", ({ data }: MessageEvent<PortableWorkerStart | ToPortableWorker>) => {
  if ("hostname" in data) worker = new PortableWorker(data);
  else worker?.handle(data);
});
