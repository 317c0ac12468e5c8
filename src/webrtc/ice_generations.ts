import type { RandomSource } from "../sfu/random.ts";

/** 48 bits of chance: the ufrag tells peers apart that share a socket. */
const UFRAG_LENGTH = 8;
/** 144 bits; RFC 8445 section 5.3 asks for 128. */
const PASSWORD_LENGTH = 24;

/** What one side of ICE is known by, and signs with, from one (re)start to the next. */
export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** The credentials of both sides of one peer's ICE: new local ones for each (re)start. */
export class IceGenerations {
  readonly #random: RandomSource;
  #local: IceCredentials;
  #remote: IceCredentials | undefined;
  #isRestarting = false;

  constructor(random: RandomSource) {
    this.#random = random;
    this.#local = this.#create();
  }

  /** The server's of the present generation. */
  get local(): IceCredentials {
    return this.#local;
  }

  /** The client's; undefined before the first offer. */
  get remote(): IceCredentials | undefined {
    return this.#remote;
  }

  /** Whether ICE was restarted and no request has used the new credentials yet. */
  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** Takes the credentials of the client's offer. Others than before restart ICE (RFC 8445 section 9). */
  setRemote(ufrag: string, password: string): "new" | "restart" | "same" {
    const remote = this.#remote;
    if (remote?.ufrag === ufrag && remote.password === password) return "same";
    this.#remote = { ufrag, password };
    if (remote === undefined) return "new";
    this.#local = this.#create();
    this.#isRestarting = true;
    return "restart";
  }

  /** A valid request came that used the server's `ufrag`. */
  handleUsed(ufrag: string): void {
    if (ufrag === this.#local.ufrag) this.#isRestarting = false;
  }

  #create(): IceCredentials {
    return { ufrag: this.#random.text(UFRAG_LENGTH), password: this.#random.text(PASSWORD_LENGTH) };
  }
}
