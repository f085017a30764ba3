/**
 * @module
 * Whether a page took a hostile text for what it is not. Such texts set `globalThis.harmed` where they are run.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/**
 * Looks for what a text may have brought into a page.
 * @throws AssertionError with the elements that were found
 */
export async function isUnharmed(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    harmed: (globalThis as { harmed?: unknown }).harmed ?? null,
    // Drawings of the pages themselves have no handlers, and no address of theirs is code.
    injected: [...document.querySelectorAll("#app *")].filter((element) =>
      ["IMG", "SCRIPT", "IFRAME", "OBJECT", "EMBED", "STYLE", "LINK", "BASE", "META"].includes(
        element.tagName,
      ) ||
      element.getAttributeNames().some((name) => name.startsWith("on") || name === "srcdoc") ||
      /^\s*(javascript|data|vbscript):/i.test(element.getAttribute("href") ?? "")
    ).map((element) => element.outerHTML),
    scripts: document.scripts.length,
  }));
  assert.deepEqual(
    found,
    { harmed: null, injected: [], scripts: where === "/docs" ? found.scripts : 1 },
    where,
  );
}
