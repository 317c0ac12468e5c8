import assert from "node:assert/strict";
import { accepted, refused } from "../../tests/harness/parsed_config.ts";
import { parseConfigFile } from "./config_file.ts";

const VARIABLES = new Set(["PORT", "AUTH_SECRET", "TURN"]);

function values(text: string): Record<string, string> {
  const { entries, problems } = parseConfigFile(text, VARIABLES, "a.env");
  assert.deepEqual(problems, []);
  return Object.fromEntries([...entries].map(([name, { value }]) => [name, value]));
}

Deno.test({
  name: "B519: a file of settings is read as systemd reads it: comments, quotes, blanks, and the last of two",
  permissions: "none",
  fn() {
    const text = '# PORT=1\n; PORT=2\n\n  PORT = 3  \r\nAUTH_SECRET=\'a "b\\\'\nTURN="turn:a\\"\\\\\\n"\n';
    assert.deepEqual(values(text), { PORT: "3", AUTH_SECRET: 'a "b\\', TURN: 'turn:a"\\\\n' });
    assert.deepEqual(values("PORT=1\nPORT=2"), { PORT: "2" });
    assert.deepEqual(values("AUTH_SECRET=a=b#c\\ d"), { AUTH_SECRET: "a=b#c d" });
    assert.deepEqual(values("PORT="), { PORT: "" });
    assert.deepEqual(values(`AUTH_SECRET=it's "so"`), { AUTH_SECRET: `it's "so"` });
    assert.deepEqual(values(`AUTH_SECRET='a b' "c"d'e`), { AUTH_SECRET: "a bcd'e" });
  },
});

Deno.test({
  name: "B519: a line of no use is told by its number, without its value",
  permissions: "none",
  fn() {
    const text = "north\nPROT=south\nAUTH_SECRET='east\nAUTH_SECRET=west\\\n\nPORT=1";
    const { problems } = parseConfigFile(text, VARIABLES, "a.env");
    assert.deepEqual(problems, [
      "a.env:1: this is no line NAME=value",
      "a.env:2: PROT is no setting that a file can have",
      "a.env:3: AUTH_SECRET has a value that does not end in its line",
      "a.env:4: AUTH_SECRET has a value that does not end in its line",
    ]);
  },
});

Deno.test({
  name: "B519: a flag beats the environment, which beats the file, which beats the default",
  permissions: "none",
  fn() {
    const read = (path: string) => `# ${path}\nPORT=1\nHOST=::1\nMAX_ROOMS=7\n`;
    const config = accepted(["--config-file=a.env", "--port=3"], { HOST: "::", MAX_ROOMS: "" }, read);
    assert.deepEqual([config.port, config.host, config.maxRooms, config.maxPeers], [3, "::", 7, 5000]);
    assert.equal(accepted([], { CONFIG_FILE: "b.env" }, read).maxRooms, 7);
  },
});

Deno.test({
  name: "B519: a wrong value is told with its place, a secret without it, and what is wrong elsewhere as well",
  permissions: "none",
  fn() {
    const read = () => "MAX_ROOMS=0\nAUTH_SECRET=north\nCONFIG_FILE=b.env\n";
    const lines = refused(["--config-file=a.env", "--prot=1"], {}, read).split("\n");
    assert.deepEqual(lines.map((line) => line.split(/ known| allowed/)[0]), [
      "--prot is not",
      "a.env:3: CONFIG_FILE is no setting that a file can have",
      "a.env:2: AUTH_SECRET is not",
      "a.env:1: MAX_ROOMS=0 is not",
    ]);
  },
});

Deno.test({
  name: "B519: a file that cannot be read is told with the flag or the variable that names it",
  permissions: "none",
  fn() {
    const missing = () => {
      throw new Deno.errors.NotFound();
    };
    assert.equal(
      refused(["--config-file=a.env"], {}, missing),
      "--config-file=a.env is of no use: there is no such file",
    );
    assert.equal(
      refused([], { CONFIG_FILE: "a.env" }, missing),
      "CONFIG_FILE=a.env is of no use: there is no such file",
    );
  },
});
