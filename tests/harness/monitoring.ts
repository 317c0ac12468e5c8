/** One query of the dashboard, with Grafana's variables filled in. */
export interface Query {
  readonly panel: string;
  readonly expression: string;
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

/** What the dashboard asks for; rates are over `interval`. */
export function dashboardQueries(json: string, interval: string): readonly Query[] {
  const { panels }: { panels: readonly Panel[] } = JSON.parse(json);
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      panel: title,
      expression: expr.replaceAll("$__rate_interval", interval).replaceAll(/\$(?:job|instance)\b/g, ".*"),
    }))
  );
}
