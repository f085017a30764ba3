/**
 * @module
 * `deno task seed`: the test data of the call guide, in a running service or, where none runs, in one that is
 * started for it and stopped again. Run twice it changes nothing.
 */
import { ask, type Control, findService, type GuidePeople, readPeople, writePeople } from "./service.ts";

interface Person {
  login: string;
  first_name: string;
  last_name: string;
  phones: string[];
}

interface Listed {
  id: number;
  login: string;
}

/** The guide's people: a call to 777 is Ivan's, and one to 888 is not. */
const PEOPLE: Person[] = [
  { login: "ivan", first_name: "Иван", last_name: "Иванов", phones: ["777"] },
  { login: "petr", first_name: "Пётр", last_name: "Петров", phones: ["888"] },
];
const COMPANY = { name: "ООО Тестовая Компания", phones: ["+7 (495) 123-45-67"] };

/** Puts the data in; says what it does. */
export async function seed(control: Control, say: (line: string) => void): Promise<void> {
  const known = await readPeople();
  const users = await all<Listed>(control, "/api/users");
  const people: GuidePeople = {};
  for (const person of PEOPLE) people[person.login] = await putPerson(control, person, { known, users, say });
  await writePeople(people);
  const companies = await all<{ id: number; name: string }>(control, "/api/companies");
  const company = companies.find(({ name }) => name === COMPANY.name);
  if (company === undefined) await ask(control, "POST", "/api/companies", COMPANY);
  else await ask(control, "PUT", `/api/companies/${company.id}`, COMPANY);
  say(`Company ${COMPANY.name}: ${COMPANY.phones.join(", ")}`);
}

async function putPerson(
  control: Control,
  person: Person,
  { known, users, say }: { known: GuidePeople; users: Listed[]; say: (line: string) => void },
): Promise<{ password: string }> {
  const { login, first_name, last_name, phones } = person;
  const before = users.find((user) => user.login === login);
  const kept = known[login];
  const password = before !== undefined && kept !== undefined ? kept.password : newPassword();
  let id = before?.id;
  if (id === undefined) {
    const made = await ask<Listed>(control, "POST", "/api/users", {
      login,
      first_name,
      last_name,
      role: "employee",
      password,
    });
    id = made.id;
  } else if (kept === undefined) {
    await ask(control, "PUT", `/api/users/${id}`, { password });
  }
  await ask(control, "PUT", `/api/users/${id}/phones`, { phones });
  say(
    `${first_name} ${last_name}: number ${
      phones.join(", ")
    }, logs in as "${login}" with password ${password}`,
  );
  return { password };
}

async function all<T>(control: Control, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let next: string | null = ""; next !== null;) {
    const page: { items: T[]; next: string | null } = await ask(
      control,
      "GET",
      `${path}?limit=100${next === "" ? "" : `&cursor=${encodeURIComponent(next)}`}`,
    );
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

function newPassword(): string {
  return crypto.getRandomValues(new Uint8Array(9)).toBase64({ alphabet: "base64url" });
}

/** Starts a service of its own on the same data, gives it to `act`, and stops it. */
async function withOwnService(act: (control: Control) => Promise<void>): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      new URL("../../main.ts", import.meta.url).pathname,
    ],
    env: {
      DOORLINE_HTTP_PORT: "0",
      DOORLINE_WS_PORT: "0",
      DOORLINE_MQTT_PORT: "0",
      DOORLINE_EMULATE: "none",
      DOORLINE_LOG_LEVEL: "warn",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let heard = "";
  while (!heard.includes("Doorline is ready")) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The service did not start: ${heard.trim()}`);
    heard += value;
  }
  try {
    const control = await findService();
    if (control === null) throw new Error("The service started, but left no control.json");
    await act(control);
  } finally {
    child.kill("SIGTERM");
    for (let next = await lines.next(); !next.done;) next = await lines.next();
    await child.status;
  }
}

if (import.meta.main) {
  try {
    const running = await findService();
    if (running === null) await withOwnService((control) => seed(control, console.log));
    else await seed(running, console.log);
  } catch (error) {
    console.error(`Cannot seed: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
