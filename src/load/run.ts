import { messageOf } from "../webrtc/error_message.ts";
import { HttpSignaling } from "./http_signaling.ts";
import { Load } from "./load.ts";
import { LOOPBACK } from "./loop.ts";
import type { ObservedProcess } from "./observed_process.ts";
import { PacketLoss } from "./packet_loss.ts";
import type { JoinReply, Totals } from "./replies.ts";
import type { Signaling } from "./session.ts";
import type { LoadSettings } from "./settings.ts";
import { type Joined, joinedOf, type LoadStep, type Observation, stepOf } from "./step.ts";
import { WebRtcTarget } from "./webrtc_target.ts";
import { WebSocketSignaling } from "./websocket_signaling.ts";

/** Until what joins have left behind is over; until a server knows of the tracks of who publishes, too. */
const SETTLE_MS = 500;
/** Behind the last packet: what is on its way arrives, and is asked for again where it was lost. */
const DRAIN_MS = 600;
const ANY_ADDRESS = "0.0.0.0";

/** What a run came to. */
export interface LoadResult {
  /** Of publishers, who come before the first step and stay. */
  readonly publishing: Joined;
  readonly steps: readonly LoadStep[];
  readonly totals: Totals;
  /** Why not all sessions could be ended; undefined where they were. */
  readonly ending?: string;
}

export interface RunSurroundings {
  /** Told when those have joined who publish. */
  readonly published: (publishing: Joined) => void;
  /** Told of each step when it is over. */
  readonly told: (step: LoadStep) => void;
  /** The server's process; undefined: it is not looked at. */
  readonly server: ObservedProcess | undefined;
  /** Numbers from 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Ends the run before its last step. */
  readonly signal: AbortSignal;
}

/**
 * Plays a load against a server, step by step, and has all peers leave at the end. Peers that cannot join are counted.
 * Throws where no publisher can.
 */
export async function runLoad(settings: LoadSettings, surroundings: RunSurroundings): Promise<LoadResult> {
  const { reach } = settings;
  const load = new Load({
    target: (available) => new WebRtcTarget({ signaling: signalingOf(settings), reach }, available),
    loss: new PacketLoss(settings.loss, surroundings.random),
    roomPrefix: settings.room,
    hostname: reach.isLocal ? LOOPBACK : ANY_ADDRESS,
  });
  const flowing = load.run();
  const interrupt = () => load.interrupt();
  surroundings.signal.addEventListener("abort", interrupt);
  try {
    const result = await play(load, settings, surroundings);
    return { ...result, ...await end(load) };
  } catch (error) {
    // What went wrong first is what is told.
    await end(load);
    throw error;
  } finally {
    surroundings.signal.removeEventListener("abort", interrupt);
    await flowing;
  }
}

async function play(load: Load, settings: LoadSettings, surroundings: RunSurroundings): Promise<LoadResult> {
  const publishing = joinedOf(await join(load, settings, { publishers: settings.publishers, subscribers: 0 }));
  if (load.publishers === 0) throw new Error(`no publisher could join: ${publishing.problem ?? "interrupted"}`);
  surroundings.published(publishing);
  const steps = await runSteps(load, settings, surroundings);
  load.pause();
  await pause(DRAIN_MS);
  return { publishing, steps, totals: load.totals };
}

/** A server that is gone takes nothing from what was found until then. */
async function end(load: Load): Promise<Pick<LoadResult, "ending">> {
  try {
    await load.close();
    return {};
  } catch (error) {
    return { ending: messageOf(error) };
  }
}

function signalingOf({ endpoints, token, reach }: LoadSettings): Signaling {
  return endpoints.transport === "websocket"
    ? new WebSocketSignaling(endpoints.url, token)
    : new HttpSignaling({ whip: endpoints.whip, whep: endpoints.whep, token, reach });
}

async function runSteps(
  load: Load,
  settings: LoadSettings,
  { told, server, signal }: RunSurroundings,
): Promise<LoadStep[]> {
  const steps: LoadStep[] = [];
  await pause(SETTLE_MS);
  for (let number = 0; number < settings.steps && !signal.aborted; number++) {
    const count = number === 0 ? settings.subscribers : settings.step;
    const joins = await join(load, settings, { publishers: 0, subscribers: count });
    await pause(SETTLE_MS);
    if (signal.aborted) break;
    const { publishers, subscribers } = load;
    const { measured, observation } = await measure(load, 1000 * settings.stepSeconds, server);
    if (signal.aborted) break;
    const step = stepOf({ publishers, subscribers, joins, measured, server: observation });
    steps.push(step);
    told(step);
  }
  return steps;
}

/** `peers` come to each room. */
function join(
  load: Load,
  { rooms, video, audio, simulcast, concurrency }: LoadSettings,
  peers: { readonly publishers: number; readonly subscribers: number },
): Promise<JoinReply> {
  return load.join({ ...peers, rooms, video, audio, simulcast, concurrency });
}

async function measure(load: Load, ms: number, server: ObservedProcess | undefined) {
  const startMs = performance.now();
  const before = server?.look();
  const measured = await load.measure(ms);
  const after = server?.look();
  const elapsedUs = 1000 * (performance.now() - startMs);
  const observation: Observation | undefined = before && after && { before, after, elapsedUs };
  return { measured, observation };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
