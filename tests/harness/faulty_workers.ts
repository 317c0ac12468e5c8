/** Media workers that fail, by the URLs of their code. */
export const FAILING_WORKER = new URL("failing_media_worker.ts", import.meta.url);
export const TIMELESS_WORKER = new URL("timeless_media_worker.ts", import.meta.url);
/** Fails as it starts. */
export const BROKEN_WORKER = new URL("data:text/javascript,throw new Error('it is broken');");
/** Never answers, nor hears that it is to stop. */
export const HUNG_WORKER = new URL(
  "data:text/javascript,Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
);
