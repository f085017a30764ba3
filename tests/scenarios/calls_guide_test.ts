/**
 * @module
 * The call guide's commands against the whole service with its emulated Asterisk, as a newcomer runs them: the test
 * data, a call that reaches its owner and nobody else, a call that is accepted, a number that nobody has.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/free_port.ts";
import { type OwnedProcess, startProcess } from "../support/process.ts";
import { type Session, startService } from "../support/service.ts";
import { openSocket, type SocketEar } from "../support/socket_ear.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TASKS = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`)).tasks as Record<
  string,
  { command: string }
>;

/** Runs what a task of deno.json runs, with its permissions. */
function task(name: string, args: string[], dataDir: string): OwnedProcess {
  const [program, ...own] = TASKS[name]!.command.split(" ");
  assert.equal(program, "deno");
  return startProcess(Deno.execPath(), {
    args: [...own, ...args],
    cwd: ROOT,
    env: { DOORLINE_DATA_DIR: dataDir },
  });
}

async function ran(
  name: string,
  args: string[],
  dataDir: string,
): Promise<{ code: number; lines: string[] }> {
  const process = task(name, args, dataDir);
  const { code } = await process.end;
  return { code, lines: [...process.stdout, ...process.stderr] };
}

/** What the seed left, without ids and times. */
async function seeded(admin: Session) {
  const people = (await admin.api("GET", "/api/users")).body.items;
  const companies = (await admin.api("GET", "/api/companies")).body.items;
  return {
    people: people.map(({ id, login, role, phones }: Record<string, unknown>) => [id, login, role, phones]),
    companies: companies.map(({ id, name, phones }: Record<string, unknown>) => [id, name, phones]),
  };
}

Deno.test("guide: the test data is put in with no service running, and again into a running one, the same", async () => {
  // A data directory of its own, laid as a first start would make it.
  const service = await startService();
  assert.equal(await service.sigterm(), 0);
  const first = await ran("seed", [], service.dataDir);
  assert.equal(first.code, 0, first.lines.join("\n"));
  await service.start();
  const admin = await service.adminLogin();
  const before = await seeded(admin);
  assert.deepEqual(before.people.map(([, ...rest]: unknown[]) => rest).sort(), [
    ["admin", "admin", []],
    ["ivan", "employee", ["777"]],
    ["petr", "employee", ["888"]],
  ]);
  assert.deepEqual(before.companies.map(([, ...rest]: unknown[]) => rest), [
    ["ООО Тестовая Компания", ["+7 (495) 123-45-67"]],
  ]);
  const second = await ran("seed", [], service.dataDir);
  // The same lines: the same passwords too.
  assert.deepEqual(second, first);
  assert.deepEqual(await seeded(admin), before);
  const password = /logs in as "ivan" with password (\S+)/.exec(first.lines.join("\n"))?.[1];
  const ivan = await service.login("ivan", password!);
  assert.equal((await ivan.api("GET", "/api/me")).body.login, "ivan");
  // With a real Asterisk, or none, there is nobody to ask for a test call.
  const refused = await ran("scenario", ["simple-call"], service.dataDir);
  assert.equal(refused.code, 1);
  assert.match(refused.lines.join("\n"), /no emulated Asterisk/);
  await service.stop();
  const none = await ran("scenario", ["simple-call"], service.dataDir);
  assert.equal(none.code, 1);
  assert.match(none.lines.join("\n"), /no service runs/);
});

Deno.test("guide: a service is started for the test data on an empty directory, and stopped again", async () => {
  const parent = await Deno.makeTempDir({ prefix: "doorline-seed-" });
  const { code, lines } = await ran("seed", [], `${parent}/data`);
  assert.equal(code, 0, lines.join("\n"));
  assert.match(lines.join("\n"), /Иван Иванов: number 777/);
  await assert.rejects(Deno.stat(`${parent}/data/control.json`));
  await Deno.remove(parent, { recursive: true });
});

Deno.test("guide: calls reach whom they are for, side by side: simple-call, full-call, manual-call, an unknown number", async () => {
  const wsPort = await freePort();
  const service = await startService({
    env: { DOORLINE_EMULATE: "asterisk", DOORLINE_WS_PORT: String(wsPort) },
  });
  const sockets: SocketEar[] = [];
  try {
    const seed = await ran("seed", [], service.dataDir);
    assert.equal(seed.code, 0, seed.lines.join("\n"));
    const admin = await service.adminLogin();
    await waitFor(
      async () =>
        (await admin.api("GET", "/api/links")).body.items.find(({ id }: { id: string }) => id === "asterisk")
          ?.state === "up",
      { what: "the link to the emulated Asterisk" },
    );
    const passwordOf = (login: string) =>
      new RegExp(`"${login}" with password (\\S+)`).exec(seed.lines.join("\n"))![1]!;
    const petr = await service.login("petr", passwordOf("petr"));
    const ivan = await service.login("ivan", passwordOf("ivan"));
    const places = [`ws://127.0.0.1:${wsPort}`, `${service.url.replace("http", "ws")}/ws`];
    const open = async (url: string, cookie?: string) => {
      const socket = await openSocket(url, {
        origin: service.url,
        ...(cookie === undefined ? {} : { cookie }),
      });
      sockets.push(socket);
      return socket;
    };
    const petrHears = await open(places[0]!, petr.cookie);
    await petrHears.waitFor("authenticated");
    const strangers = await Promise.all(places.map((place) => open(place)));
    const run = (name: string, to: string) => ran("scenario", [name, to], service.dataDir);
    const [simple, other, full, nobody, manual, taken] = await Promise.all([
      run("simple-call", "777"),
      run("simple-call", "888"),
      run("full-call", "777"),
      run("simple-call", "999"),
      // Through the menu, by which it is told from the others.
      run("manual-call", "701"),
      takeByHand(ivan, "701"),
    ]);

    const simpleText = simple.lines.join("\n");
    assert.equal(simple.code, 0, simpleText);
    const card = JSON.parse(/Ivan Ivanov sees: (.*)/.exec(simpleText)![1]!);
    assert.equal(card.caller.replace(/\D/g, ""), "74951234567");
    assert.deepEqual([card.receiver, card.company, card.status], [
      "777",
      "ООО Тестовая Компания",
      "incoming",
    ]);
    assert.match(simpleText, /call-missed: /);

    assert.equal(other.code, 0, other.lines.join("\n"));
    assert.match(other.lines.join("\n"), /Nothing reached Ivan Ivanov in 3 s/);
    await petrHears.waitFor(
      "incoming-call",
      ({ receiver, company }) => receiver === "888" && company === "ООО Тестовая Компания",
    );
    const fullText = full.lines.join("\n");
    assert.equal(full.code, 0, fullText);
    const answered = JSON.parse(/Answered: (.*)/.exec(fullText)![1]!);
    // The demonstration has calls of its own, some of them his.
    const notHis = [card.id, answered.id, taken.id];
    assert.equal(
      petrHears.heard.some(({ event, data }) => event === "incoming-call" && notHis.includes(data.id)),
      false,
      "a card of somebody else's",
    );

    const completed = JSON.parse(/call-completed: (.*)/.exec(fullText)![1]!);
    assert.equal(completed.id, answered.id);
    const accepted = (await admin.api("GET", `/api/calls/${answered.id}`)).body;
    assert.deepEqual([accepted.status, accepted.end_reason, accepted.answered_by.number], [
      "completed",
      "hangup",
      "777",
    ]);
    assert.ok(Math.abs(accepted.duration - 5) <= 1, `talked for ${accepted.duration} s`);
    assert.equal(accepted.accepted_by.name, "Иван Иванов");
    const waited = Date.parse(accepted.accepted_at) - Date.parse(accepted.started_at);
    assert.ok(waited >= 3000 && waited < 15_000, `accepted after ${waited} ms`);

    assert.equal(manual.code, 0, manual.lines.join("\n"));
    assert.match(manual.lines.join("\n"), /See it in a browser: http:/);
    assert.deepEqual([taken.end_reason, taken.answered_by.number, taken.accepted_by.name], [
      "hangup",
      "777",
      "Иван Иванов",
    ]);

    assert.equal(nobody.code, 0, nobody.lines.join("\n"));
    const { items } = (await admin.api("GET", "/api/calls?number=999")).body;
    assert.deepEqual(items.map((call: Record<string, unknown>) => [call.unknown_number, call.status]), [
      [true, "missed"],
    ]);
    const warned = service.stderr().filter((line) => line.includes("nobody owns") && line.includes('"999"'));
    assert.equal(warned.length, 1);
    assert.match(warned[0]!, /"level":40/);
    const errors = service.stderr().filter((line) => /"level":(50|60)/.test(line));
    assert.deepEqual(errors, []);
    assert.equal(await fetch(`${service.url}/livez`).then((answer) => answer.text()), "ok\n");

    // Nobody in particular has heard nothing but that it has to go.
    for (const stranger of strangers) {
      await waitFor(() => stranger.closed() !== null, { what: "the end of a socket that is nobody's" });
      assert.deepEqual(stranger.heard.map(({ event }) => event), ["auth-error"]);
      assert.equal(stranger.closed()!.code, 1008);
    }
  } finally {
    for (const socket of sockets) if (socket.closed() === null) await socket.close();
    await service.stop();
  }
});

/** Does by hand, as Ivan's page does, what `manual-call` leaves to people; gives the call. */
async function takeByHand(ivan: Session, receiver: string) {
  const call = await waitFor(async () => {
    const { body } = await ivan.api("GET", `/api/calls?status=incoming&number=${receiver}`);
    return body.items.find(({ rings, caller }: { rings: unknown[]; caller: { number: string } }) =>
      rings.length > 0 && caller.number.replace(/\D/g, "") === "74951234567"
    );
  }, { what: `a call to ${receiver} that rings at Ivan's`, timeoutMs: 60_000 });
  const accepted = await ivan.api("POST", `/api/calls/${call.id}/accept`);
  assert.deepEqual([accepted.status, accepted.body.phone], [200, "answering"]);
  await waitFor(async () => (await ivan.api("GET", `/api/calls/${call.id}`)).body.status === "answered", {
    what: "that Ivan talks",
  });
  assert.equal((await ivan.api("POST", `/api/calls/${call.id}/hangup`)).status, 200);
  return await waitFor(async () => {
    const { body } = await ivan.api("GET", `/api/calls/${call.id}`);
    return body.status === "completed" && body;
  }, { what: "the end of the call" });
}
