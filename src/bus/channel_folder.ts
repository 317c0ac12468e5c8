/** The BroadcastChannels of one isolate whose names begin with the same words. */
export class ChannelFolder {
  readonly #prefix: string;
  /** Nobody posts there: while it is open this isolate hears of channels that are opened just when the last one is closed. */
  #idle: BroadcastChannel | undefined;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  open(name: string): BroadcastChannel {
    this.#idle ??= new BroadcastChannel(this.#prefix);
    return new BroadcastChannel(this.#prefix + name);
  }

  /** The channels are closed by who has opened them. */
  close(): void {
    this.#idle?.close();
  }
}
