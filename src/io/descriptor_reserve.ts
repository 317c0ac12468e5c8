/**
 * File descriptors that peers leave to everything else, requests that say how the server is among it. Without any Deno
 * 2.9.6 does not go on: it ends in a panic once it wants to look at its own stack.
 */
export const DESCRIPTOR_RESERVE = 32;

/**
 * Throws where fewer than the reserve are free: how many there are, and may be, nobody tells who has no permission to ask,
 * so `open` opens as many, and throws where it cannot, and `close` closes them again.
 */
export function assertReserve<T>(open: () => T, close: (opened: T) => void): void {
  const opened: T[] = [];
  try {
    for (let i = 0; i < DESCRIPTOR_RESERVE; i++) opened.push(open());
  } catch (cause) {
    const message = `the last ${DESCRIPTOR_RESERVE} file descriptors of the process are not for peers`;
    throw new Error(message, { cause });
  } finally {
    for (const one of opened) close(one);
  }
}
