/**
 * The other side of `deno task bench`: publishers and subscribers against a server, on one core. Answers each JSON line
 * on stdin with one on stdout; protocol.ts says what they hold.
 */
import { messageOf } from "../../src/webrtc/error_message.ts";
import { readOffer } from "../../tests/harness/recorded_offers.ts";
import { HttpSignaling } from "../../src/load/http_signaling.ts";
import { Load } from "../../src/load/load.ts";
import type { Request, Target } from "./protocol.ts";
import { ReferenceTarget } from "./reference_target.ts";
import { Reach } from "../../src/load/reach.ts";
import { WebRtcTarget } from "../../src/load/webrtc_target.ts";
import { WebSocketSignaling } from "../../src/load/websocket_signaling.ts";

/** Chromium's, with all codecs that it has: microphone and camera are sent, and those of another peer received. */
const PARTICIPANT_OFFER = readOffer("chromium/receive-2-added.sdp");

let load: Load | undefined;
let reference: ReferenceTarget | undefined;

function open(target: Target): Load {
  if (target.kind === "reference") {
    return new Load({ target: ({ ciphers }) => reference = new ReferenceTarget(target.port, ciphers) });
  }
  const { url, token } = target;
  const reach = new Reach();
  const signaling = new HttpSignaling({
    whip: `${url}/whip/{room}`,
    whep: `${url}/whep/{room}`,
    token,
    reach,
  });
  const meeting = {
    signaling: new WebSocketSignaling(`${url.replace(/^http/, "ws")}/ws`, token),
    offer: PARTICIPANT_OFFER,
  };
  return new Load({ target: (surroundings) => new WebRtcTarget({ signaling, reach, meeting }, surroundings) });
}

function opened(): Load {
  if (load === undefined) throw new Error("open comes first");
  return load;
}

async function answer(request: Request): Promise<unknown> {
  switch (request.type) {
    case "open":
      if (load !== undefined) throw new Error("a target is open");
      load = open(request.target);
      void load.run();
      return {};
    case "join":
      return { ...await opened().join(request), reference: reference?.takeLines() ?? [] };
    case "measure":
      return await opened().measure(request.ms);
    case "measureJoins":
      return await opened().measureJoins(request);
    case "measureChurn":
      return await opened().measureChurn(request);
    case "leave":
      await opened().leave();
      return {};
    case "publish":
      opened().publish(request.video);
      return {};
    case "pause":
      opened().pause();
      return {};
    case "resume":
      opened().resume();
      return {};
    case "close":
      await opened().close();
      load = undefined;
      reference = undefined;
      return {};
  }
}

async function answerLine(line: string): Promise<unknown> {
  try {
    return await answer(JSON.parse(line));
  } catch (error) {
    return { error: messageOf(error) };
  }
}

let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.stringify(await answerLine(line)));
}
// The sockets would keep the process alive.
Deno.exit(0);
