import type { Bench } from "../bench.ts";
import { PAGE, PLOTS, qualityPages } from "../quality/pages.ts";

const ROOT = new URL("../../", import.meta.url);

/** The bandwidth estimation in closed loops of simulated time; writes the tables and plots of docs/quality.md. */
export function quality({ report }: Bench): Promise<void> {
  report.title("quality: bandwidth estimation over simulated links");
  const pages = qualityPages(Deno.readTextFileSync(new URL(PAGE, ROOT)));
  Deno.mkdirSync(new URL(PLOTS, ROOT), { recursive: true });
  for (const [path, text] of pages) Deno.writeTextFileSync(new URL(path, ROOT), text);
  for (const line of pages.get(PAGE)?.match(/^\| .*$/gm) ?? []) report.line(line);
  return Promise.resolve();
}
