import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { LoopbackServer } from "./loopback_server.ts";
import { buildOffer } from "./offer_builder.ts";
import { candidateAddress } from "./sdp_sections.ts";
import { divertCandidates, SignalingProxy } from "./signaling_proxy.ts";
import { SignalingSocket } from "./signaling_socket.ts";

Deno.test({
  name: "the candidates of an answer become one, on loopback, at the port that stands for theirs",
  permissions: "none",
  fn() {
    const answer = [
      "v=0",
      "a=candidate:1 1 udp 2130706431 192.0.2.7 4000 typ host",
      "a=candidate:2 1 udp 2130706175 127.0.0.1 4000 typ host generation 0",
      "a=end-of-candidates",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "",
    ].join("\r\n");
    const asked: number[] = [];
    const diverted = divertCandidates(answer, (port) => {
      asked.push(port);
      return 5000;
    });
    deepStrictEqual(diverted.split("\r\n"), [
      "v=0",
      "a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host",
      "a=end-of-candidates",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "",
    ]);
    deepStrictEqual(asked, [4000]);
  },
});

Deno.test({
  name: "pages and signaling go through the proxy, answers with their candidates diverted, and closes as they are",
  permissions: { net: ["127.0.0.1", "localhost"], read: ["static"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using proxy = new SignalingProxy(server.url, (port) => port - 1000);
    const page = await fetch(proxy.url);
    strictEqual(page.status, 200);
    match(await page.text(), /<html/i);

    const signalingUrl = `${proxy.url.replace(/^http/, "ws")}/ws`;
    await using left = await SignalingSocket.open(signalingUrl);
    left.send({ type: "join", roomId: "room" });
    await left.receive("welcome");
    left.send({ type: "offer", sdp: buildOffer([{ mid: "0", kind: "audio", direction: "inactive" }]) });
    const { sdp } = await left.receive("answer");
    const { hostname, port } = candidateAddress(sdp);
    strictEqual(hostname, "127.0.0.1");
    strictEqual(port < 64_536 && port > 1023 - 1000, true);
    strictEqual(server.switchboard.stats().peers, 1);
    await left.close();
    await server.empty();

    await using ended = await SignalingSocket.open(signalingUrl);
    ended.send({ type: "join", roomId: "room" });
    await ended.receive("welcome");
    const closing = server.switchboard.close();
    strictEqual((await ended.closed).code, 1001);
    await closing;
  },
});
