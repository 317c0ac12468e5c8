import { isDeepStrictEqual } from "node:util";
import { DEFAULT_LIMITS, type Limits } from "../signaling/limits.ts";
import type { AuthOptions } from "./auth_options.ts";
import type { CreateOptions } from "./create_options.ts";
import { iceLinks, type IceServer } from "./ice_links.ts";
import { checkLimits } from "./option_checks.ts";
import { type AllowsOrigin, originRule } from "./origins.ts";
import { createTokenVerifier, type TokenVerifier } from "./token_verifier.ts";
import { turnServer } from "./turn.ts";

/** What of CreateOptions may change while the server runs. */
export type ChangeableOptions = Pick<CreateOptions, "limits" | "origins" | "iceServers" | "turn" | "auth">;

/** What the options say, checked. */
interface Checked {
  readonly limits: Limits;
  readonly allowsOrigin: AllowsOrigin;
  readonly iceServers: (peerId: string) => readonly IceServer[];
  readonly auth: AuthOptions | undefined;
  readonly tokens: TokenVerifier | undefined;
}

/** The options that may change, for whoever asks: what it holds of here is always what is in force. */
export class LiveOptions {
  /** One object, which is written to. */
  readonly limits: Limits;
  /** Undefined where no tokens are asked for, which does not change. */
  readonly tokens: TokenVerifier | undefined;
  #present: Checked;

  /** Throws a TypeError for what is of no use, as createSwitchboard has it. */
  constructor(options: ChangeableOptions) {
    this.#present = check(options);
    this.limits = { ...this.#present.limits };
    this.tokens = this.#present.tokens && {
      verify: (token) => this.#tokens.verify(token),
      verifyOutlasted: (token) => this.#tokens.verifyOutlasted(token),
    };
  }

  readonly allowsOrigin: AllowsOrigin = (origin, url) => this.#present.allowsOrigin(origin, url);

  /** STUN and TURN servers for one peer. */
  readonly iceServers = (peerId: string): readonly IceServer[] => this.#present.iceServers(peerId);

  /**
   * Takes other ones; what is left out has its default. Throws a TypeError, with nothing changed, for what is of no use, and
   * where tokens would be asked for that were not, or the other way round.
   */
  change(options: ChangeableOptions): void {
    const next = check(options, this.#present);
    if ((next.tokens === undefined) !== (this.tokens === undefined)) {
      throw new TypeError("auth: tokens are asked for from the start, or never");
    }
    this.#present = next;
    Object.assign(this.limits, next.limits);
  }

  get #tokens(): TokenVerifier {
    const { tokens } = this.#present;
    if (tokens === undefined) throw new TypeError("no tokens are asked for");
    return tokens;
  }
}

/** Keys that were fetched are kept where whose tokens are taken does not change. */
function check(options: ChangeableOptions, before?: Checked): Checked {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkLimits(limits);
  const iceServers = (peerId: string) => [
    ...(options.iceServers ?? []),
    ...(options.turn === undefined ? [] : [turnServer(options.turn, peerId, Date.now())]),
  ];
  iceLinks(iceServers(""));
  const { auth } = options;
  const tokens = before !== undefined && isDeepStrictEqual(auth, before.auth)
    ? before.tokens
    : auth && createTokenVerifier(auth);
  return { limits, allowsOrigin: originRule(options.origins ?? []), iceServers, auth, tokens };
}
