import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import type { Page, SerializedAXNode } from "puppeteer-core";

/** More than the page has controls. */
const MAX_TABS = 30;

/** What the probe tells of the element with the focus. */
interface Focus {
  /** Its data-testid; undefined where nothing on the page has the focus. */
  readonly name?: string;
  /** Pixels. */
  readonly outline: number;
}

/** What the probe tells of the page and the window, in pixels. */
interface Layout {
  readonly tooWide: number;
  readonly tooHigh: number;
  /** By data-testid. */
  readonly hidden: readonly string[];
}

/** Presses Tab until the focus is on the element. Everything that has it on the way shows an outline. */
export async function tabTo(page: Page, testId: string): Promise<void> {
  for (let tabs = 0; tabs < MAX_TABS; tabs++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate("probe.focus()") as Focus;
    // Behind the last control the focus leaves the page for the browser's own.
    if (name !== undefined) strictEqual(outline >= 2, true, `${name} does not show that it has the focus`);
    if (name === testId) return;
  }
  throw new Error(`the Tab key does not lead to ${testId}`);
}

/** Every control that is shown has a name for those who do not see it. */
export async function expectNames(page: Page): Promise<void> {
  const shown = await page.evaluate("probe.controls().length");
  const tree = await page.accessibility.snapshot({ interestingOnly: false });
  const controls = flatten(tree).filter(({ role }) => role === "button" || role === "textbox");
  notStrictEqual(shown, 0);
  strictEqual(controls.length, shown, "controls in the accessibility tree");
  for (const { role, name } of controls) strictEqual(/\w/.test(name ?? ""), true, `a ${role} has the name "${name}"`);
}

function flatten(node: SerializedAXNode | null): SerializedAXNode[] {
  return node === null ? [] : [node, ...(node.children ?? []).flatMap(flatten)];
}

/** Nothing is wider than the window, and every control can be seen whole and hit, after scrolling down where `scrolls`. */
export async function expectFit(page: Page, { scrolls }: { scrolls: boolean }): Promise<void> {
  const { tooWide, tooHigh, hidden } = await page.evaluate("probe.layout()") as Layout;
  strictEqual(tooWide <= 0, true, `the page is ${tooWide} pixels too wide`);
  if (!scrolls) strictEqual(tooHigh <= 0, true, `the page is ${tooHigh} pixels too high`);
  deepStrictEqual(hidden, [], "controls that are not whole in the window, or have something above them");
}
