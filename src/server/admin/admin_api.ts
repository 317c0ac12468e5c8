import type { Hono } from "hono";
import { systemClock } from "../../io/clock.ts";
import { cryptoRandom } from "../../io/random.ts";
import type { Switchboard } from "../../io/switchboard.ts";
import { newIdentifier } from "../../sfu/identifier.ts";
import type { LogControl } from "../log_control.ts";
import type { HttpEnvironment, RequestRulesOptions } from "../request_rules.ts";
import type { TokenVerifier } from "../token_verifier.ts";
import { EventStreams } from "./event_streams.ts";
import { createHandlers } from "./handlers.ts";
import { createAdminRoutes } from "./routes.ts";
import { describeStatus, type StatusSource } from "./status.ts";

export interface AdminApiOptions extends RequestRulesOptions {
  readonly switchboard: Switchboard;
  /** Undefined where no tokens are asked for: then all is refused. */
  readonly tokens: TokenVerifier | undefined;
  readonly logs: LogControl | undefined;
  readonly backend: StatusSource["backend"];
  readonly cluster: StatusSource["cluster"];
  readonly drain: (seconds: number) => void;
}

/** The admin API of a server: docs/admin.md. */
export class AdminApi {
  readonly routes: Hono<HttpEnvironment>;
  readonly #events: EventStreams;

  constructor(options: AdminApiOptions) {
    const { switchboard, logs, backend, cluster } = options;
    const startedMs = Date.now();
    const events = this.#events = new EventStreams({
      subscribe: (listener) => switchboard.events.subscribe(listener),
      clock: systemClock,
      time: () => new Date().toISOString(),
      run: newIdentifier(cryptoRandom),
    });
    const source: StatusSource = {
      backend,
      cluster,
      stats: () => switchboard.stats,
      obstacle: () => switchboard.obstacle,
      drainSecondsLeft: () => switchboard.isDraining ? switchboard.drainSecondsLeft : undefined,
      gather: () => switchboard.gather(),
    };
    const { administration, expulsions } = switchboard;
    const handlers = createHandlers({
      administration,
      expulsions,
      events,
      logs,
      status: () => describeStatus(source, startedMs, Date.now),
      drain: (seconds) => {
        options.drain(seconds);
        return switchboard.drainSecondsLeft;
      },
    });
    // No room has an empty name: for that one a token is revoked where it is for all.
    const isRevoked: Parameters<typeof createAdminRoutes>[0]["isRevoked"] = (grants, roomId = "") =>
      expulsions.isRevoked(grants, roomId);
    this.routes = createAdminRoutes({ ...options, isRevoked, handlers });
  }

  /** Ends what lasts: listeners to events. */
  close(): void {
    this.#events.close();
  }
}
