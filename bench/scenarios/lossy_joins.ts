import { openLibssl } from "../../src/io/native/openssl_dtls_library.ts";
import type { Browser } from "../../tests/harness/browser.ts";
import { startChromium } from "../../tests/harness/chromium.ts";
import { EmbeddingSite } from "../../tests/harness/embedding_site.ts";
import { startFirefox } from "../../tests/harness/firefox.ts";
import { JoiningPage } from "../../tests/harness/joining_page.ts";
import { openOpenSslClients } from "../../src/load/openssl_client.ts";
import { PATH_DEMANDS, type PathDemand } from "../../tests/harness/path_demands.ts";
import type { Bench } from "../bench.ts";
import { joinByOwnClients } from "../own_joins.ts";

const JOINS = 200;
const AT_ONCE = 10;
/** The load's first. */
const ROOM = "load-0";

/** One kind of client. */
interface Joiner extends AsyncDisposable {
  readonly name: string;
  /** Milliseconds of each of `count` joins at once; Infinity where one was not in time. */
  join(
    endpoint: string,
    demand: PathDemand,
    batch: { readonly count: number; readonly seed: number },
  ): Promise<number[]>;
}

/** Joins over paths that lose and delay, by each kind of client, to one publisher of sound whose own path does neither. */
export function lossyJoins(backend: "native" | "portable"): (bench: Bench) => Promise<void> {
  return async (bench) => {
    const paths = "loss each way, 50 ms of round trip unless another is named";
    bench.report.title(`lossy-joins, ${backend}: ${JOINS} WHEP joins over each path, ${AT_ONCE} at once; ${paths}`);
    const candidate = await bench.start(backend);
    await candidate.join({ rooms: 1, publishers: 1, subscribers: 0, video: null, audio: true, concurrency: 1 });
    for (const open of [openOwn, openChromium, openFirefox]) {
      await using joiner = await open();
      for (const demand of PATH_DEMANDS) await measure(bench, joiner, `${candidate.url}/whep/${ROOM}`, demand);
    }
    await bench.stop();
  };
}

async function measure({ report }: Bench, joiner: Joiner, endpoint: string, demand: PathDemand): Promise<void> {
  const times: number[] = [];
  while (times.length < JOINS) {
    times.push(...await joiner.join(endpoint, demand, { count: AT_ONCE, seed: 1 + times.length }));
  }
  times.sort((a, b) => a - b);
  const inTime = times.filter((timeMs) => timeMs <= demand.withinMs).length;
  const at = (share: number) => times[Math.ceil(share * JOINS) - 1].toFixed(0);
  report.mustHold(
    inTime >= demand.share * JOINS,
    `${joiner.name}, ${demand.name}: ${inTime} of ${JOINS} within ${demand.withinMs} ms; ` +
      `median ${at(0.5)}, p95 ${at(0.95)}, the slowest ${at(1)} ms`,
  );
}

/** ICE and RTP of the tests' client, and DTLS by OpenSSL. */
function openOwn(): Promise<Joiner> {
  const opened = openLibssl();
  if (!opened.ok) throw new Error(opened.reason);
  const dtls = openOpenSslClients(opened.libssl);
  return Promise.resolve({
    name: "own client",
    join: (endpoint, demand, batch) => joinByOwnClients(dtls, endpoint, demand, batch),
    [Symbol.asyncDispose]: () => Promise.resolve(dtls.close()),
  });
}

const openChromium = () => openBrowser("Chromium", startChromium, "permit");
const openFirefox = () => openBrowser("Firefox", startFirefox, "permitted");

async function openBrowser(
  name: string,
  start: () => Promise<Browser>,
  devices: "permit" | "permitted",
): Promise<Joiner> {
  await using opened = new AsyncDisposableStack();
  const site = opened.use(new EmbeddingSite());
  const browser = opened.use(await start());
  const owned = opened.move();
  let over: PathDemand | undefined;
  let page: JoiningPage | undefined;
  return {
    name,
    async join(endpoint, demand, { count, seed }) {
      // A page for each path: Chromium makes 500 connections for one, those that are closed among them.
      if (page === undefined || over !== demand) {
        await page?.page.close();
        page = await JoiningPage.open(browser, site, devices);
        over = demand;
      }
      return await page.join(endpoint, demand, count, seed);
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
