import { SETTINGS } from "./config_schema.ts";

/** The mark of a setting whose new value in the file is taken without a restart. */
const RELOADS = " Reloads.";

/** What `--help` prints. */
export function helpText(): string {
  const settings = SETTINGS.map(({ flag, placeholder, variable, fallback, meaning, allowed, reloads }) =>
    [
      `  ${flag}=<${placeholder}>`,
      `      ${sentence(meaning)}.`,
      `      Allowed: ${allowed}. Environment: ${variable}. Default: ${fallback || "none"}.${reloads ? RELOADS : ""}`,
    ].join("\n")
  );
  return [
    "Switchboard: an SFU for WebRTC. Listens for browsers, and forwards their audio and video.",
    "",
    "Usage: deno task start [--key=value ...]",
    "",
    ...settings,
    "  --help, -h",
    "      This text.",
    "",
    "A flag beats the environment, which beats the file that --config-file names.",
    "",
  ].join("\n");
}

/** The README's table of settings, in Markdown. */
export function configTable(): string {
  const rows = SETTINGS.map(({ flag, variable, fallback, meaning, allowed, reloads }) => [
    `\`${flag}\``,
    `\`${variable}\``,
    fallback === "" ? "none" : `\`${fallback}\``,
    `${sentence(meaning)}. Allowed: ${allowed}.${reloads ? RELOADS : ""}`,
  ]);
  const lines = [["Flag", "Environment", "Default", "Meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n") + "\n";
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
