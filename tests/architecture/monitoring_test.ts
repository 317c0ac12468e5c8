import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { METRICS, metricTable } from "../../src/server/metric_table.ts";
import { dashboardQueries } from "../harness/monitoring.ts";
import { tableRows } from "./links.ts";
import { READ_REPOSITORY, readText } from "./repository.ts";

const FOLDER = "docs/monitoring/";
const HEADER = ["Metric", "Type", "Labels", "Meaning"];
/** What /metrics has, and what Prometheus itself adds. */
const NAMES = new Set([
  "up",
  ...METRICS.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name]
  ),
]);

/** The names of metrics in an expression. */
function namesIn(expression: string): string[] {
  return expression.match(/\b(?:switchboard_\w+|process_\w+|up)\b/g) ?? [];
}

function unknownNames(expressions: readonly string[]): string[] {
  return expressions.flatMap(namesIn).filter((name) => !NAMES.has(name));
}

/** The expressions of the alerts, with what stands around them. */
function rules(): string[] {
  return readText(`${FOLDER}alerts.yml`).split("- alert:").slice(1).map((rule) => rule.split("annotations:")[0]);
}

Deno.test({
  name: "B264: the dashboard and the alerts name metrics that there are, and no others",
  permissions: READ_REPOSITORY,
  fn() {
    const queries = dashboardQueries(readText(`${FOLDER}grafana-dashboard.json`), "1m").map(({ expression }) =>
      expression
    );
    deepStrictEqual(unknownNames([...queries, ...rules()]), []);
    for (const expression of [...queries, ...rules()]) ok(namesIn(expression).length > 0, expression);
    deepStrictEqual(unknownNames(["rate(switchboard_gone_total[1m])"]), ["switchboard_gone_total"]);
  },
});

Deno.test({
  name: "B264: each metric has its place on the dashboard",
  permissions: READ_REPOSITORY,
  fn() {
    const dashboard = readText(`${FOLDER}grafana-dashboard.json`);
    const missing = METRICS.map(({ name }) => name).filter((name) => !dashboard.includes(name));
    deepStrictEqual(missing, []);
  },
});

Deno.test({
  name: "the dashboard has what Grafana needs to load it",
  permissions: READ_REPOSITORY,
  fn() {
    const { title, uid, schemaVersion, panels, templating } = JSON.parse(readText(`${FOLDER}grafana-dashboard.json`));
    deepStrictEqual([title, uid, typeof schemaVersion], ["Switchboard", "switchboard", "number"]);
    const variables = templating.list.map(({ name }: { name: string }) => name);
    deepStrictEqual(variables, ["datasource", "job", "instance"]);
    strictEqual(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length);
    const taken = new Set<string>();
    for (const { type, title, datasource, gridPos, targets } of panels) {
      ok(["stat", "timeseries"].includes(type), title);
      deepStrictEqual(datasource, { type: "prometheus", uid: "${datasource}" }, title);
      strictEqual(new Set(targets.map(({ refId }: { refId: string }) => refId)).size, targets.length);
      ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          ok(!taken.has(`${x} ${y}`), `${title} lies over another panel`);
          taken.add(`${x} ${y}`);
        }
      }
    }
  },
});

Deno.test({
  name: "the table of docs/metrics.md is that of the metrics",
  permissions: READ_REPOSITORY,
  fn() {
    const expected = tableRows(metricTable(), HEADER);
    strictEqual(expected.length, METRICS.length + 1);
    deepStrictEqual(tableRows(readText("docs/metrics.md"), HEADER), expected);
  },
});
