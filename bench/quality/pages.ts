import { metrics } from "../../tests/harness/congestion/metrics.ts";
import { RFC_8867, runScenario, type Scenario, WAYS } from "../../tests/harness/congestion/scenarios.ts";
import { plot } from "./plot.ts";
import { between, type Row, table } from "./tables.ts";

/** The page whose tables are made here, and the folder of the plots beside it. */
export const PAGE = "docs/quality.md";
export const PLOTS = "docs/quality";

/** What the closed loops yield: the page with its tables, and each plot, by path. The same at each run. */
export function qualityPages(page: string): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const rows = (scenarios: readonly Scenario[]): Row[] =>
    scenarios.map((scenario) => {
      const experiment = runScenario(scenario);
      pages.set(`${PLOTS}/${scenario.name}.svg`, plot(scenario.title, experiment));
      return { title: `[${scenario.title}](quality/${scenario.name}.svg)`, metrics: metrics(experiment) };
    });
  const withRfc = between(page, "table of RFC 8867", table(rows(RFC_8867)));
  return pages.set(PAGE, between(withRfc, "table of other ways", table(rows(WAYS))));
}
