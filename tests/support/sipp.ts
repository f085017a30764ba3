/**
 * @module
 * SIP phones and callers on loopback, each a SIPp of its own with one scenario of `sipp/`, bounded in time.
 * A phone of endpoint `777-ep` registers for 777; the outside line calls from 127.0.0.2 and answers there.
 */
import { fileURLToPath } from "node:url";
import type { Asterisk } from "./asterisk.ts";
import { TRUNK_HOST } from "./asterisk_config.ts";
import { shareOf } from "./lane.ts";
import { type OwnedProcess, startProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

/** What a phone does with every call that it gets. It rings for 500 ms and talks for 1,000 unless told otherwise. */
export type PhoneConduct =
  | { does: "answers"; ringMs?: number }
  | { does: "hangs_up"; ringMs?: number; talkMs?: number }
  | { does: "rings" }
  | { does: "refuses"; ringMs?: number; status: "486 Busy Here" | "603 Decline" }
  /** Sends the caller on to another number, and is out of the call. */
  | { does: "transfers"; ringMs?: number; talkMs?: number; target: string }
  /** Answers when a NOTIFY in the dialog tells it to talk. */
  | { does: "obeys" };

/** Something that a SIPp did or saw, in its own words: `ringing`, `answered`, `ended`, `hung_up`, `cancelled`… */
export interface SippEvent {
  word: string;
  /** The rest of the line: for `ringing` and a caller's `answered`, the dialog; for `refused`, the SIP status. */
  details: string[];
}

/** A SIPp that plays a phone. */
export interface Phone {
  number: string;
  port: number;
  events(): Promise<SippEvent[]>;
  /** Waits until it has done something so many times. */
  did(word: string, times?: number): Promise<SippEvent>;
  register(): Promise<void>;
  unregister(): Promise<void>;
  /** Ends it at once. Asterisk is told nothing. May be called again. */
  stop(): Promise<void>;
}

/** Who calls whom. Times are in milliseconds. */
export interface CallOptions {
  /** `trunk`, or the number of a phone. */
  from: string;
  to: string;
  /** The outside caller's number and name. */
  number?: string;
  name?: string;
  /** How long it lets ring before it gives up. Default 20,000. */
  patienceMs?: number;
  /** How long it talks before it hangs up. Default 20,000. */
  talkMs?: number;
  /** Sends no sound. Local channels then stay where they are: only sound makes them optimize themselves away. */
  silent?: boolean;
}

/** A SIPp that makes one call. */
export interface PlacedCall {
  events(): Promise<SippEvent[]>;
  did(word: string): Promise<SippEvent>;
  /** Waits for the end of the call and gives what it came to: `ended`, `hung_up`, `gave_up` or `refused`. */
  end(): Promise<SippEvent>;
  /** Ends it at once. Asterisk is told nothing. May be called again. */
  stop(): Promise<void>;
}

const PROGRAM = "/usr/bin/sipp";
const SCENARIOS = fileURLToPath(new URL("sipp/", import.meta.url));
/** A second of silence in µ-law. */
const SOUND = "silence.ulaw";
/** Times that a conduct does not tell. */
const UNTOLD = { RING_MS: 500, TALK_MS: 1000 };
/** No SIPp lives longer, whatever happens to its test. */
const LIFE_SECONDS = 600;

/**
 * Starts a phone and registers it; `trunk` is the far end of the outside line, which does not register. `asked` is false
 * where Asterisk does not qualify it, so that it will not be found to be there.
 * @throws when Asterisk does not take the registration
 */
export async function startPhone(
  asterisk: Asterisk,
  number: string,
  conduct: PhoneConduct,
  { asked = true }: { asked?: boolean } = {},
): Promise<Phone> {
  const outside = number === "trunk";
  const host = outside ? TRUNK_HOST : "127.0.0.1";
  const port = outside ? asterisk.trunkPort : nextPorts();
  const user = outside ? "outside" : `${number}-ep`;
  const sipp = await startSipp(asterisk, conduct.does, {
    host,
    port,
    echo: true,
    words: { ...UNTOLD, USER: user, ...wordsOf(conduct) },
  });
  const tell = async (seconds: number) => {
    const words = { USER: user, NUMBER: number, PHONE_PORT: port, SECONDS: seconds };
    await runSipp(asterisk, "registers", words);
  };
  const phone: Phone = {
    number,
    port,
    events: sipp.events,
    did: sipp.did,
    register: async () => {
      await tell(300);
      // A queue rings only those whom Asterisk has reached.
      const line = new RegExp(`Contact: +${number}/.*\\b${asked ? "Avail" : "NonQual"}\\b`);
      await waitFor(async () => {
        if (sipp.process.ended !== null) return "ended";
        return line.test(await asterisk.cli("pjsip show contacts"));
      }, { what: `phone ${number} within Asterisk's reach` });
      if (sipp.process.ended === null) return;
      throw new Error(
        `Cannot play phone ${number} on port ${port}: ${sipp.process.stderr.slice(-5).join("; ")}`,
      );
    },
    unregister: () => tell(0),
    stop: sipp.stop,
  };
  if (!outside) {
    await phone.register().catch(async (error) => {
      await phone.stop();
      throw error;
    });
  }
  return phone;
}

/** Makes one call and returns at once. */
export async function placeCall(asterisk: Asterisk, options: CallOptions): Promise<PlacedCall> {
  const outside = options.from === "trunk";
  const host = outside ? TRUNK_HOST : "127.0.0.1";
  const name = options.name ?? "ООО Тестовая Компания";
  const sipp = await startSipp(asterisk, "calls", {
    host,
    port: nextPorts(),
    once: true,
    words: {
      NUMBER: options.to,
      USER: outside ? options.number ?? "74951234567" : `${options.from}-ep`,
      NAME: outside && name !== "" ? `"${name}" ` : "",
      PATIENCE_MS: options.patienceMs ?? 20_000,
      TALK_MS: options.talkMs ?? 20_000,
      SOUND,
      LOOPS: options.silent ? 0 : -1,
    },
  });
  return {
    ...sipp,
    end: () =>
      waitFor(async () => {
        const last = (await sipp.events()).find(({ word }) => ENDS.has(word));
        if (last === undefined && sipp.process.ended !== null) {
          throw new Error(`Cannot end a call to ${options.to}: ${sipp.process.stderr.slice(-5).join("\n")}`);
        }
        return last;
      }, { what: `the end of a call to ${options.to}`, timeoutMs: 60_000 }),
  };
}

const ENDS = new Set(["ended", "hung_up", "gave_up", "refused"]);

/**
 * Sends one request in a dialog of a phone, from beside its SIPp: REFER, BYE.
 * @throws when Asterisk does not answer as it should
 */
export async function askInDialog(
  asterisk: Asterisk,
  phone: Phone,
  ask: { method: "REFER" | "BYE"; headers?: string[] },
): Promise<void> {
  const { callId, local, remote, url } = dialogOf(await phone.did("ringing"));
  await runSipp(asterisk, "asks", {
    METHOD: ask.method,
    URL: url,
    LOCAL: local,
    REMOTE: remote,
    USER: `${phone.number}-ep`,
    PHONE_PORT: phone.port,
    HEADERS: (ask.headers ?? []).map((header) => `\n${header}`).join(""),
    STATUS: ask.method === "REFER" ? 202 : 200,
  }, callId);
}

/**
 * Connects the caller of a phone's first call with whom that phone has called beside it, and takes the phone out: an
 * attended transfer (REFER with Replaces, RFC 3891).
 */
export async function transferAttended(
  asterisk: Asterisk,
  phone: Phone,
  consult: { call: PlacedCall; to: string },
): Promise<void> {
  const { callId, local, remote } = dialogOf(await consult.call.did("answered"));
  const replaces = `${callId};to-tag=${tagOf(remote)};from-tag=${tagOf(local)}`;
  await askInDialog(asterisk, phone, {
    method: "REFER",
    headers: [
      `Refer-To: <sip:${consult.to}@127.0.0.1:${asterisk.sipPort}?Replaces=${encodeURIComponent(replaces)}>`,
      `Referred-By: <sip:${phone.number}-ep@127.0.0.1>`,
    ],
  });
}

function dialogOf({ details: [callId = "", local = "", remote = "", contact = ""] }: SippEvent): Dialog {
  return { callId, local: local.trim(), remote: remote.trim(), url: /<(.*)>/.exec(contact)?.[1] ?? contact };
}

function tagOf(header: string): string {
  return /;tag=([^;>\s]+)/.exec(header)?.[1] ?? "";
}

/** Two ends of a dialog, as SIP headers have them: the SIPp's own, and Asterisk's. */
interface Dialog {
  callId: string;
  local: string;
  remote: string;
  /** Where Asterisk takes requests in the dialog. */
  url: string;
}

interface SippOptions {
  host: string;
  port: number;
  words: Record<string, string | number>;
  /** Makes one call, or sends one request, and ends. */
  once?: boolean;
  /** Sends back the sound that it gets, as proof of life: with no sound coming in, Asterisk loses queued digits. */
  echo?: boolean;
  /** Default: SIPp's own. */
  callId?: string;
}

interface Sipp {
  process: OwnedProcess;
  events(): Promise<SippEvent[]>;
  did(word: string, times?: number): Promise<SippEvent>;
  stop(): Promise<void>;
}

async function startSipp(asterisk: Asterisk, scenario: string, options: SippOptions): Promise<Sipp> {
  const dir = await Deno.makeTempDir({ prefix: "doorline-sipp-" });
  await Deno.writeTextFile(
    `${dir}/${scenario}.xml`,
    fill(await Deno.readTextFile(`${SCENARIOS}${scenario}.xml`), {
      ...options.words,
      SIP_PORT: asterisk.sipPort,
    }),
  );
  await Deno.writeFile(`${dir}/${SOUND}`, new Uint8Array(8000).fill(0xff));
  const process = startProcess(PROGRAM, {
    cwd: dir,
    args: [
      ...["-sf", `${dir}/${scenario}.xml`, "-i", options.host, "-p", String(options.port)],
      ...["-trace_logs", "-log_file", `${dir}/events`, "-nostdin", "-aa", "-timeout", `${LIFE_SECONDS}s`],
      ...["-mp", String(nextPorts()), ...(options.echo ? ["-rtp_echo"] : [])],
      ...(options.callId === undefined ? [] : ["-cid_str", options.callId]),
      ...(options.once ? ["-m", "1", `127.0.0.1:${asterisk.sipPort}`] : []),
    ],
    env: { TERM: "dumb" },
  });
  let stopped = false;
  const events = async () =>
    (await Deno.readTextFile(`${dir}/events`).catch(() => "")).split("\n").slice(0, -1).map((line) => {
      const [word = "", ...details] = line.split("|");
      return { word, details };
    });
  return {
    process,
    events,
    did: (word, times = 1) =>
      waitFor(async () => (await events()).filter((event) => event.word === word)[times - 1], {
        what: `${scenario} on port ${options.port}: ${word}`,
      }),
    stop: async () => {
      process.signal("SIGKILL");
      await process.end;
      if (stopped) return;
      stopped = true;
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/**
 * Gives the first of as many UDP ports in a row as a SIPp binds, of which it is told one: its own, or that of its sound.
 * They are below those that systems give to whoever asks for any, no two SIPps of this process get the same, and those
 * of another lane are others. They are not tried: a socket that was just closed here may be there for a while.
 */
function nextPorts(): number {
  given = (given + 1) % ROWS.count;
  return PORTS.first + PORTS.inARow * (ROWS.first + given);
}

const PORTS = { first: 20_004, inARow: 4, rows: 3000 };
const ROWS = shareOf(PORTS.rows);
let given = Deno.pid * 97 % ROWS.count;

async function runSipp(
  asterisk: Asterisk,
  scenario: string,
  words: SippOptions["words"],
  callId?: string,
): Promise<void> {
  const port = nextPorts();
  const sipp = await startSipp(asterisk, scenario, { host: "127.0.0.1", port, words, once: true, callId });
  try {
    const { code } = await sipp.process.end;
    if (code !== 0) {
      throw new Error(
        `Cannot play ${scenario}: exit code ${code}\n${sipp.process.stderr.slice(-20).join("\n")}`,
      );
    }
  } finally {
    await sipp.stop();
  }
}

function fill(text: string, words: SippOptions["words"]): string {
  return text.replace(/__([A-Z_]+?)__/g, (_all, name: string) => {
    const word = words[name];
    if (word === undefined) throw new Error(`Cannot fill a scenario: no ${name}`);
    return String(word);
  });
}

/** Names what a conduct tells as scenarios name it: `ringMs` is `RING_MS`. */
function wordsOf({ does: _does, ...told }: PhoneConduct): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name.replace(/[A-Z]/g, "_$&").toUpperCase(), value]),
  );
}
