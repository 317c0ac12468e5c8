import type { Page } from "puppeteer-core";

/** Long enough for a loaded machine; a test that passes takes far less. */
const TIMEOUT_MS = 20_000;
const POLLING_MS = 50;

/**
 * Waits until a page finds a JavaScript expression true, and resolves to its value. Throws an Error that tells what was
 * waited for in vain, and what the page shows.
 */
export async function waitUntil(
  page: Page,
  condition: string,
  what: string,
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  try {
    const value = await page.waitForFunction(condition, { timeout: timeoutMs, polling: POLLING_MS });
    return await value.jsonValue();
  } catch (cause) {
    const status = await page.$eval("body", (body) => body.innerText);
    throw new Error(`in vain: ${what}; the page says:\n${status}`, { cause });
  }
}
