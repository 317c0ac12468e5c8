const TEST_FILE = /_test\.ts$/;

/** The test files below a folder of `root`, as `deno test` would find them, in the order of their names. */
export function testFiles(root: string, folder: string): string[] {
  const entries = [...Deno.readDirSync(`${root}${folder}`)].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return testFiles(root, path);
    return TEST_FILE.test(name) ? [path] : [];
  });
}

/** Deals files out to so many processes, one after the other: neighbours, which take alike, go to different ones. */
export function shareFiles(files: readonly string[], processes: number): string[][] {
  const shares = Array.from({ length: processes }, (): string[] => []);
  files.forEach((file, index) => shares[index % processes].push(file));
  return shares.filter((share) => share.length > 0);
}
