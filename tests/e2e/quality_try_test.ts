import { ImpairedAccess } from "../harness/impaired_access.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { takeDevicesAway } from "../harness/spectator.ts";
import { publishLayers } from "../harness/layered_camera.ts";

const SLOW = { bandwidth: 400_000, queueBytes: 30_000, delayMs: 20 };

Deno.test({
  name: "try",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ server, chromium }) => {
      await using access = new ImpairedAccess(server.url, 1, { down: SLOW, up: { delayMs: 20 } });
      const open = (url: string, name: string, prepare?: typeof publishLayers) =>
        RoomPage.open(chromium, url, { name, join: "1", video: "640x360" }, prepare);
      const people: RoomPage[] = [];
      try {
        const ada = await open(server.url, "Ada", async (page) => { await publishLayers(page); });
        people.push(ada);
        await ada.waitForState("joined");
        const watch = async (page: import("npm:puppeteer-core").Page) => {
          await takeDevicesAway(page);
          await page.evaluateOnNewDocument(`globalThis.said=[];{const W=WebSocket;globalThis.WebSocket=class extends W{constructor(...a){super(...a);this.addEventListener("message",e=>{const m=JSON.parse(e.data);if(m.type==="quality"||m.type==="layers")said.push([Math.round(performance.now()),m])})}send(t){const m=JSON.parse(t);if(m.type==="setQuality")said.push([Math.round(performance.now()),m]);super.send(t)}}}`);
        };
        const fast = await open(server.url, "Fast", watch);
        people.push(fast);
        await fast.waitForState("joined");
        const slow = await open(access.url, "Slow", watch);
        people.push(slow);
        await slow.waitForState("joined");
        const stats = `Promise.all(probe.connections.map((c) => c.getStats())).then((rs) => rs.flatMap((r) => [...r.values()]).filter(({type,kind})=>type==="outbound-rtp"&&kind==="video").map(({rid,active,frameWidth,bytesSent,targetBitrate,encodingIndex})=>[rid,active,frameWidth,bytesSent,targetBitrate,encodingIndex].join(" ")))`;
        for (let i = 0; i < 16; i++) {
          await new Promise((r) => setTimeout(r, 1000));
          const line = [];
          for (const p of [fast, slow]) line.push(p.name, JSON.stringify((await p.page.evaluate(`probe.inbound()`) as {kind:string,frameWidth:number,framesDecoded:number,freezeCount:number,peerId:string}[]).filter((s) => s.kind === "video").map((s) => `${s.peerId.slice(0,3)} ${s.frameWidth} ${s.framesDecoded} fr${s.freezeCount}`)));
          console.log(i, line.join(" "), i % 4 === 0 ? JSON.stringify(await ada.page.evaluate(stats)) : "");
        }
        for (const p of [fast, slow]) for (const s of await p.page.evaluate("said.splice(0)") as unknown[]) console.log(p.name, JSON.stringify(s).slice(0, 330));
        access.change({ down: { bandwidth: 8_000_000, queueBytes: 200_000 } });
        for (let i = 0; i < 16; i++) {
          await new Promise((r) => setTimeout(r, 1000));
          const line = [];
          for (const p of [fast, slow]) line.push(p.name, JSON.stringify((await p.page.evaluate(`probe.inbound()`) as {kind:string,frameWidth:number,framesDecoded:number,freezeCount:number,peerId:string}[]).filter((s) => s.kind === "video").map((s) => `${s.peerId.slice(0,3)} ${s.frameWidth} ${s.framesDecoded} fr${s.freezeCount}`)));
          console.log(i, line.join(" "));
        }
        for (const p of [slow]) for (const s of await p.page.evaluate("said.splice(0)") as unknown[]) console.log(p.name, JSON.stringify(s).slice(0, 330));
        await slow.click("stats-button");
        await new Promise((r) => setTimeout(r, 2500));
        await slow.page.screenshot({ path: "/tmp/w/allocator/.git/slow.png" });
        await ada.click("stats-button");
        await new Promise((r) => setTimeout(r, 2500));
        await ada.page.screenshot({ path: "/tmp/w/allocator/.git/ada.png" });
      } finally {
        for (const { page } of people) await page.close();
      }
    }),
});
