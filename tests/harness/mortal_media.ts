/** Has all media workers that this isolate starts be mortal (see mortal_media_worker.ts). */
const MORTAL_WORKER = new URL("mortal_media_worker.ts", import.meta.url);

/** What hangs is broken off so soon: else it would take a processor from others for 15 s. */
const LIMIT_MS = 3000;

globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(String(url).endsWith("/native/media_worker.ts") ? MORTAL_WORKER : url, options);
  }

  override postMessage(message: unknown): void {
    super.postMessage(typeof message === "object" ? { ...message, limitMs: LIMIT_MS } : message);
  }
};
