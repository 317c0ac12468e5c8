import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const DENO = Deno.execPath();
const FOLDER = Deno.env.get("TMPDIR") || "/tmp";

/** What an example takes for granted where it does not say it itself: its page's tracks and what examples before it made. */
const GIVEN: Readonly<Record<string, string>> = {
  join: `import { join } from "SDK";`,
  room: `declare const room: import("SDK").Room;`,
  url: "declare const url: string;",
  trackId: "declare const trackId: string;",
  camera: "declare const camera: MediaStreamTrack;",
  microphone: "declare const microphone: MediaStreamTrack;",
  screen: "declare const screen: MediaStreamTrack;",
};

/** The blocks of a page in this language, each as a module that has what it takes for granted. */
function modulesOf(page: string, language: string, given: Readonly<Record<string, string>>): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, code]) => {
    const missing = Object.keys(given).filter((name) => !new RegExp(`(const|import \\{) ${name}\\b`).test(code));
    return [...missing.map((name) => given[name]), code, "export {};", ""].join("\n");
  });
}

/** The indexes of those of the modules, which may import the SDK, that the type checker complains of. */
async function findWrong(modules: readonly string[]): Promise<number[]> {
  const folder = await Deno.makeTempDir({ dir: FOLDER });
  try {
    const sdk = new URL("static/switchboard.js", ROOT).href;
    await Deno.copyFile(new URL("static/deno.json", ROOT), `${folder}/deno.json`);
    const files = modules.map((_, index) => `${folder}/example_${index}.ts`);
    for (const [index, code] of modules.entries()) {
      await Deno.writeTextFile(files[index], code.replace(/"(SDK|http:[^"]*\/switchboard\.js)"/g, `"${sdk}"`));
    }
    const command = new Deno.Command(DENO, { args: ["check", ...files], cwd: folder, env: { NO_COLOR: "1" } });
    const complaints = new TextDecoder().decode((await command.output()).stderr);
    const places = complaints.matchAll(/^ +at .*\/(.*?)(?:_(\d+))?\.[jt]s:/gm);
    return [...new Set([...places].map(([, , index]) => Number(index ?? -1)))];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "the README's examples for pages use the SDK as its types have it, and one that does not is found",
  permissions: { run: [DENO], read: [new URL("README.md", ROOT), new URL("static/", ROOT), FOLDER], write: [FOLDER] },
  async fn() {
    const examples = modulesOf(await Deno.readTextFile(new URL("README.md", ROOT)), "js", GIVEN);
    assert.ok(examples.length >= 6, "there are examples");
    const wrong = 'export const on = (room: import("SDK").Room) => room.on("speaking", () => {});\n';
    assert.deepEqual(await findWrong([...examples, wrong]), [examples.length]);
  },
});
