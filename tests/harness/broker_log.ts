import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import { Journal } from "./journal.ts";

/** Runs with what is logged of brokers meanwhile, each line as level and message; resolves to all of them. */
export async function withBrokerLog(run: (lines: Journal<string>) => Promise<void>): Promise<readonly string[]> {
  const lines = new Journal<string>();
  const write = ({ level, message }: LogRecord) => lines.add(`${level}: ${message.join("")}`);
  configureSync({
    sinks: { write },
    loggers: [
      { category: ["switchboard", "bus"], lowestLevel: "trace", sinks: ["write"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: [] },
    ],
  });
  try {
    await run(lines);
  } finally {
    resetSync();
  }
  return lines.entries;
}
