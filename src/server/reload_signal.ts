/**
 * Catches SIGHUP from when it is made: one that comes while the server starts is heard once somebody listens, where
 * otherwise it would end the process. There is none on Windows.
 */
export class ReloadSignal {
  #isPending = false;
  #listener: (() => void) | undefined;

  constructor(addListener: (handler: () => void) => void = addSignalListener) {
    addListener(() => {
      if (this.#listener === undefined) this.#isPending = true;
      else this.#listener();
    });
  }

  /** Calls `listener` at each signal from now on, and at once where one has come already. */
  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.#isPending) listener();
    this.#isPending = false;
  }
}

function addSignalListener(handler: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", handler);
}
