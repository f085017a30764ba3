/**
 * @module
 * `deno task scenario NAME`: a call of the guide in a running service, told as it happens. The emulated Asterisk
 * makes the call; what Ivan's browser would hear is heard through the WebSocket, as Ivan.
 */
import { WebSocket } from "ws";
import { ask, type Control, findService, readPeople } from "./service.ts";

/** What a scenario does beside ringing. Times in milliseconds. */
interface Scenario {
  /** Logs in as Ivan and listens; without, it only calls. */
  listens: boolean;
  /** Accepts so long after the card came up. */
  acceptAfterMs?: number;
  /** The caller hangs up so long after it was accepted. */
  talkMs?: number;
  /** The caller gives up so long after the call began. */
  givesUpAfterMs: number;
}

const SCENARIOS: Record<string, Scenario> = {
  "simple-call": { listens: true, givesUpAfterMs: 10_000 },
  "full-call": { listens: true, acceptAfterMs: 3000, talkMs: 5000, givesUpAfterMs: 20_000 },
  "manual-call": { listens: false, givesUpAfterMs: 60_000 },
};
const LISTENER = "ivan";
const CALLER = "+7 (495) 123-45-67";
/** What the emulated Asterisk has. */
const PHONES =
  "The emulated Asterisk has phones 777, 888, 150, 151 and 152, a group 700, an IVR 701 and a queue 702";
/** How long to wait for a card that should not come. */
const SILENCE_MS = 3000;
/** How long a call may take to show that it ended. */
const LAST_WORD_MS = 10_000;

interface Frame {
  event: string;
  data: Record<string, unknown>;
}

/** A WebSocket as Ivan's browser would hold it. */
class Listener {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | null = null;

  constructor(url: string, cookie: string, origin: string) {
    this.#socket = new WebSocket(url, { headers: { Cookie: cookie }, origin });
    this.#socket.on("message", (bytes: unknown) => {
      this.#frames.push(JSON.parse(String(bytes)) as Frame);
      this.#wake?.();
    });
    this.#socket.on("error", (error: Error) => {
      this.#frames.push({ event: "error", data: { message: error.message } });
      this.#wake?.();
    });
  }

  /** The next frame of one of the names, of one call where its id is given; null when none comes in time. */
  async next(names: readonly string[], withinMs: number, callId?: string): Promise<Frame | null> {
    const until = Date.now() + withinMs;
    for (;;) {
      const at = this.#frames.findIndex(({ event, data }) =>
        names.includes(event) && (callId === undefined || data.id === callId || event === "error")
      );
      if (at >= 0) return this.#frames.splice(at, 1)[0]!;
      const left = until - Date.now();
      if (left <= 0) return null;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  send(event: string, data: unknown): void {
    this.#socket.send(JSON.stringify({ event, data }));
  }

  close(): void {
    this.#socket.close();
  }
}

/** Plays a scenario; says what happens. Returns whether all went as it should. */
export async function play(
  name: string,
  options: { to: string; control: Control; say: (line: string) => void },
): Promise<boolean> {
  const scenario = SCENARIOS[name]!;
  const { to, control, say } = options;
  const listener = scenario.listens ? await listen(control, say) : null;
  try {
    say(`Calling: from ${CALLER} to ${to}`);
    const made = await ask<{ linked_id: string }>(control, "POST", "/api/test-calls", {
      from: CALLER,
      to,
      gives_up_after: scenario.givesUpAfterMs / 1000,
      ...(scenario.talkMs === undefined ? {} : { talk_for: scenario.talkMs / 1000 }),
    });
    // Other calls go on beside: the emulated Asterisk makes some of its own.
    const id = await idOf(control, made.linked_id);
    if (id === null) {
      say(`Doorline has not heard of the call in ${SILENCE_MS / 1000} s`);
      return false;
    }
    const course = await courseOf(control, id);
    say(course);
    if (listener === null) {
      say(`See it in a browser: ${control.url}`);
      return true;
    }
    const card = await listener.next(["incoming-call"], SILENCE_MS, id);
    if (card === null) {
      say(`Nothing reached Ivan Ivanov in ${SILENCE_MS / 1000} s: it does not ring at his phone`);
      return to !== "777";
    }
    say(`Ivan Ivanov sees: ${JSON.stringify(card.data)}`);
    say(`A browser where he is logged in shows the card now: ${control.url}`);
    if (scenario.acceptAfterMs !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, scenario.acceptAfterMs));
      say("Accepting");
      listener.send("accept-call", { callId: id });
      const answered = await listener.next(["call-answered", "error"], LAST_WORD_MS, id);
      if (answered?.event !== "call-answered") {
        say(`It was not answered: ${JSON.stringify(answered?.data ?? "no word of it came")}`);
        return false;
      }
      say(`Answered: ${JSON.stringify(answered.data)}`);
    }
    const ends = ["call-completed", "call-missed", "call-rejected"];
    const end = await listener.next(ends, scenario.givesUpAfterMs + LAST_WORD_MS, id);
    say(end === null ? "No word of its end came" : `${end.event}: ${JSON.stringify(end.data)}`);
    return end !== null;
  } finally {
    listener?.close();
  }
}

interface Named {
  number: string;
  name: string | null;
}

interface Shown {
  rings: Named[];
  answered_by: Named | null;
  end_reason: string | null;
}

/** Where a call rings or who answered, or that it came to nothing. */
async function courseOf(control: Control, id: string): Promise<string> {
  const until = Date.now() + SILENCE_MS;
  const who = ({ number, name }: Named) =>
    name === null ? `${number}, which is nobody's` : `${name}, ${number}`;
  for (;;) {
    const { rings, answered_by, end_reason } = await ask<Shown>(control, "GET", `/api/calls/${id}`);
    if (answered_by !== null) return `It is answered already: ${who(answered_by)}`;
    if (rings.length > 0) return `It rings at: ${rings.map(who).join("; ")}`;
    if (end_reason !== null) return `It rang nowhere and is over (${end_reason}). ${PHONES}`;
    if (Date.now() > until) return `It rings nowhere yet. ${PHONES}`;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The id of a call in Doorline; null when it does not hear of it in time. */
async function idOf(control: Control, linkedId: string): Promise<string | null> {
  const until = Date.now() + SILENCE_MS;
  for (;;) {
    const page = await ask<{ items: { id: string; linked_id: string }[] }>(control, "GET", "/api/calls");
    const call = page.items.find(({ linked_id }) => linked_id === linkedId);
    if (call !== undefined) return call.id;
    if (Date.now() > until) return null;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function listen(control: Control, say: (line: string) => void): Promise<Listener> {
  const person = (await readPeople())[LISTENER];
  if (person === undefined) throw new Error('Ivan Ivanov is not there: run "deno task seed" first');
  const login = await fetch(`${control.url}/api/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ login: LISTENER, password: person.password }),
  });
  const cookie = login.headers.get("set-cookie")?.split(";")[0];
  const text = await login.text();
  if (!login.ok || cookie === undefined) {
    throw new Error(`Ivan Ivanov cannot log in: ${login.status} ${text}`);
  }
  const url = new URL(control.url);
  const ws = control.ws_port > 0 ? `ws://${url.hostname}:${control.ws_port}` : `ws://${url.host}/ws`;
  say(`Connecting to ${ws}`);
  const listener = new Listener(ws, cookie, url.origin);
  const hello = await listener.next(["authenticated", "auth-error", "error"], LAST_WORD_MS);
  if (hello?.event !== "authenticated") {
    throw new Error(`no way in: ${JSON.stringify(hello?.data ?? "no answer")}`);
  }
  say(`Authenticated as ${hello.data.name} (id ${hello.data.userId})`);
  return listener;
}

if (import.meta.main) {
  const [name = "", ...rest] = Deno.args;
  const to = rest[0] ?? "777";
  if (!Object.hasOwn(SCENARIOS, name)) {
    console.error(`Usage: deno task scenario ${Object.keys(SCENARIOS).join("|")} [number]`);
    Deno.exit(2);
  }
  try {
    const control = await findService();
    if (control === null) {
      throw new Error('no service runs on this data directory: run "deno task start" first');
    }
    const good = await play(name, { to, control, say: console.log });
    Deno.exit(good ? 0 : 1);
  } catch (error) {
    console.error(`Cannot play ${name}: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
