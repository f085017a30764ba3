/**
 * @module
 * What a page would say beyond itself, by sound and by notifications of the desktop, written down in the page.
 */
import type { Page } from "playwright-core";

/** For `before` of a viewer: what would be heard and shown is written down instead. */
export function recordAlerts(): void {
  const said: string[] = [];
  class FakeNotification {
    static permission = "granted";
    static requestPermission(): Promise<string> {
      said.push("asked");
      return Promise.resolve("granted");
    }
    onclick: (() => void) | null = null;
    constructor(title: string, { body = "" }: NotificationOptions = {}) {
      said.push(`shown ${title}, ${body}`);
    }
    close(): void {}
  }
  class HeardAudio extends AudioContext {
    override createOscillator(): OscillatorNode {
      said.push("tone");
      return super.createOscillator();
    }
  }
  Object.assign(globalThis, { Notification: FakeNotification, AudioContext: HeardAudio, alertsSaid: said });
}

/** What was said so far: `asked`, `shown TITLE, BODY` and `tone`. */
export function alerts(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { alertsSaid: string[] }).alertsSaid);
}
