import { startService } from "/work/main/tests/support/service.ts";
import { startPostgres } from "/work/main/tests/support/servers.ts";
import { startTcpProxy } from "/work/main/tests/support/tcp_proxy.ts";
import { inBrowser } from "/work/main/tests/support/browser.ts";
import { openEar } from "/work/main/tests/support/test_broker.ts";
import { Panel } from "/work/main/emulators/panel.ts";
const out = "/tmp/pw/out/";
const pg = await startPostgres();
const s = await startService({ env: { DOORLINE_EMULATE: "intercoms", DOORLINE_DATABASE_URL: pg.url } });
const admin = await s.adminLogin();
const proxy = await startTcpProxy({ target: Number(new URL(s.url).port) });
const purl = `http://127.0.0.1:${proxy.port}`;
await new Promise((r) => setTimeout(r, Number(Deno.args[0] ?? 50) * 1000));
const url = s.url;
try {
  await inBrowser(async (b) => {
    const d = await b.open(url, { session: admin });
    await d.page.getByTestId("open-button").first().waitFor();
    // the opening
    const tiles = d.page.locator(".tile");
    await tiles.nth(1).getByTestId("open-button").click();
    await d.page.screenshot({ path: out + "dialog.png" });
    await d.page.getByTestId("open-confirm").click();
    await d.page.locator("[data-testid=command-progress][data-status=confirmed]").first().waitFor();
    await d.page.mouse.move(700, 880);
    await d.page.waitForTimeout(700);
    await d.page.screenshot({ path: out + "board.png" });
    // make it busy
    const ear = await openEar(`mqtt://127.0.0.1:${s.mqttPort}`, { filter: "intercom/AA:BB:CC:01/cmd" });
    await ear.say("intercom/AA:BB:CC:03/alarm", { kind: "forced" });
    await ear.say("intercom/AA:BB:CC:04/call", { apartment: "38" });
    await ear.say("intercom/AA:BB:CC:02/call", "not json");
    await ear.say("intercom/AA:BB:CC:02/nonsense", { a: 1 });
    await admin.api("POST", "/api/users", { body: { login: "ann", first_name: "Ann", last_name: "Reed", role: "operator", password: "a password of ann" } });
    await admin.api("POST", "/api/tokens", { body: { name: "a script", expires_in_days: 90 } });
    const gone = new Panel({ mac: "AA:BB:CC:05", apartments: [1, 2], brokerUrl: `mqtt://127.0.0.1:${s.mqttPort}` });
    await gone.start(); await gone.crash();
    const paths: [string, string][] = [["board", "/"], ["intercoms", "/intercoms"], ["panel", "/intercoms/AA:BB:CC:03"], ["events", "/events"], ["feed", "/feed"], ["settings", "/settings"], ["people", "/settings?tab=people"], ["refused", "/settings?tab=refused"], ["audit", "/settings?tab=audit"]];
    const looks = [["desk", "light", "en"], ["desk", "dark", "ru"], ["phone", "light", "ru"], ["phone", "dark", "en"]] as const;
    for (const [size, theme, language] of looks) {
      const v = await b.open(url, { size, theme, language, session: admin });
      for (const [n, p] of paths) {
        await v.page.goto(url + p);
        await v.page.waitForTimeout(700);
        if (n === "intercoms") { await v.page.getByTestId("open-button").first().click().catch(() => {}); await v.page.waitForTimeout(200); }
        await v.page.screenshot({ path: `${out}${n}-${size}-${theme}.png` });
      }
      const l = await b.open(url + "/login", { size, theme, language });
      await l.page.waitForTimeout(200); await l.page.screenshot({ path: `${out}login-${size}-${theme}.png` });
    }
    // stale
    const stale = [await b.open(purl, { session: admin }), await b.open(purl + "/intercoms", { size: "phone", theme: "dark", language: "ru", session: admin })];
    for (const v of stale) await v.page.locator("[data-testid=stream-state][data-state=live]").waitFor({ state: "attached" });
    await proxy.down();
    for (const [i, v] of stale.entries()) { await v.page.getByTestId("stale-veil").waitFor(); await v.page.waitForTimeout(1500); await v.page.screenshot({ path: `${out}stale-${i}.png` }); }
    // broken
    const br = await b.open(url, { session: admin });
    const br2 = await b.open(url + "/events", { size: "phone", language: "ru", session: admin });
    await br.page.getByTestId("open-button").first().waitFor();
    await pg.halt();
    await br.page.locator("[data-testid=link-state][data-id=database][data-state=down]").waitFor();
    await br.page.locator(".tile").nth(1).getByTestId("open-button").click();
    await br.page.getByTestId("open-confirm").click();
    await br.page.waitForTimeout(4000);
    await br.page.screenshot({ path: out + "broken-board.png" });
    await br.page.goto(url + "/events"); await br.page.waitForTimeout(3500); await br.page.screenshot({ path: out + "broken-events.png" });
    await br2.page.waitForTimeout(300); await br2.page.screenshot({ path: out + "broken-phone.png" });
    await br.page.goto(url + "/settings?tab=audit"); await br.page.waitForTimeout(3500); await br.page.screenshot({ path: out + "broken-audit.png" });
    await ear.close();
    for (const v of stale) v.faults.length = 0;
    for (const v of [br, br2, d]) { console.log(v.faults); v.faults.length = 0; }
  });
} finally { await s.stop(); await proxy.stop(); await pg.stop(); }
// empty
const e = await startService();
const ea = await e.adminLogin();
await inBrowser(async (b) => {
  for (const [n, p] of [["empty-board", "/"], ["empty-intercoms", "/intercoms"], ["empty-events", "/events"], ["empty-refused", "/settings?tab=refused"]] as const) {
    const v = await b.open(e.url + p, { session: ea }); await v.page.waitForTimeout(500); await v.page.screenshot({ path: `${out}${n}.png` });
  }
  const v = await b.open(e.url, { session: ea, size: "phone", theme: "dark", language: "ru" }); await v.page.waitForTimeout(500); await v.page.screenshot({ path: `${out}empty-phone.png` });
});
await e.stop();
Deno.exit(0);
