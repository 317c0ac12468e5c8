/** A seed that is another one each time: a test that takes it says in its message which one it was. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
