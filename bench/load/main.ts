/**
 * The other side of `deno task bench`: publishers and subscribers against a server, on one core. Answers each JSON line
 * on stdin with one on stdout; protocol.ts says what they hold.
 */
import { messageOf } from "../../src/webrtc/error_message.ts";
import { Load } from "./load.ts";
import type { Request } from "./protocol.ts";

let load: Load | undefined;

function opened(): Load {
  if (load === undefined) throw new Error("open comes first");
  return load;
}

async function answer(request: Request): Promise<unknown> {
  switch (request.type) {
    case "open":
      if (load !== undefined) throw new Error("a target is open");
      load = new Load(request.target);
      void load.run();
      return {};
    case "join":
      return await opened().join(request);
    case "measure":
      return opened().measure(request.ms);
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
