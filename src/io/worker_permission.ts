/** Why no worker can be started; undefined where one can. Deno reads a worker's code as a file, and wants permission. */
export function workerRefusal(code: URL): string | undefined {
  if (code.protocol !== "file:") return undefined;
  const { state } = Deno.permissions.querySync({ name: "read", path: code });
  return state === "granted" ? undefined : "a media worker needs --allow-read of Switchboard's own src folder";
}
