/**
 * @module
 * The real service as a child process, started as `deno task start` starts it, on ports and data of its own.
 * It may be killed and started again on the same data, which is what most of its promises are about.
 */
import { fileURLToPath } from "node:url";
import { freePort } from "./free_port.ts";
import { layDatabase } from "./pglite_template.ts";
import { type OwnedProcess, type ProcessEnd, startProcess } from "./process.ts";
import { type OpenStream, openStream } from "./sse.ts";
import { waitFor } from "./wait.ts";

/** How to run the service. */
export interface ServiceOptions {
  /** Settings over the defaults of tests: loopback, free ports, no emulation, a known password. */
  env?: Record<string, string>;
  /** Default: a temporary folder with a fresh database, removed by `stop`. */
  dataDir?: string;
  /** True leaves the making of the embedded database to the service, which takes seconds. Default false. */
  bare?: boolean;
  /** How long to wait for readiness. Default 60 seconds, since the first start makes a database. */
  timeoutMs?: number;
  /** Where deno.json and main.ts are. Default: this project. */
  root?: string;
}

/** Somebody who has logged in. */
export interface Session {
  /** For `fetch`, WebSocket or `openStream`. */
  headers: Record<string, string>;
  cookie: string;
  /** Sends JSON and reads JSON; never throws for a status. */
  api(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<ApiAnswer>;
  /** Opens `/api/stream`. */
  stream(topics: string, options?: { lastEventId?: string }): Promise<OpenStream>;
}

/** An answer of the API. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Parsed from JSON; null when it is empty, text when it is no JSON. */
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  body: any;
}

/** A running service. */
export interface Service {
  /** As the ready line gives it, without a slash at the end. */
  url: string;
  dataDir: string;
  /** Port of its own broker; meaningless when it was given another. */
  mqttPort: number;
  adminPassword: string;
  /** Lines since the last start. */
  stdout(): string[];
  stderr(): string[];
  pid(): number;
  /** Null while it runs. */
  ended(): ProcessEnd | null;
  /** Logs in, by default as the first administrator. */
  login(login?: string, password?: string): Promise<Session>;
  /** The same as `login()`. */
  adminLogin(): Promise<Session>;
  /** Ends it as a loss of power does. */
  kill9(): Promise<void>;
  /** Asks it to end and gives its exit code. */
  sigterm(options?: { timeoutMs?: number }): Promise<number>;
  /** Starts it on the same data, with settings over the former ones, and waits until it is ready. */
  start(env?: Record<string, string>): Promise<void>;
  /** Ends it whatever it takes and removes its data. */
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READY = /Doorline is ready: (http:\/\/\S+)/;

/**
 * Starts the service and waits for its ready line.
 * @throws with its output when it ends instead
 */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "doorline-data-" });
  const timeoutMs = options.timeoutMs ?? 60_000;
  const adminPassword = options.env?.DOORLINE_ADMIN_PASSWORD ?? "a password of tests";
  const { bare = options.root !== undefined, env = {} } = options;
  if (!bare && options.dataDir === undefined && env.DOORLINE_DATABASE_URL === undefined) {
    await layDatabase(dataDir);
  }
  let settings: Record<string, string> = {
    ...await testSettings(dataDir),
    DOORLINE_ADMIN_PASSWORD: adminPassword,
    ...options.env,
  };
  let process: OwnedProcess | null = null;
  let url = "";

  async function start(env: Record<string, string> = {}): Promise<void> {
    if (process !== null && process.ended === null) {
      throw new Error("Cannot start the service: it runs already");
    }
    settings = { ...settings, ...env };
    const started = process = spawnService(settings, options.root);
    const ready = await waitFor(() => {
      if (started.ended !== null) return "ended";
      return started.stdout.map((line) => line.match(READY)?.[1]).find((found) => found !== undefined);
    }, { timeoutMs, what: "the ready line of the service" }).catch(async (error) => {
      started.signal("SIGKILL");
      await started.end;
      throw new Error(`${error.message}\n${said(started)}`);
    });
    if (ready === "ended") {
      throw new Error(`Cannot start the service: exit code ${started.ended?.code}\n${said(started)}`);
    }
    url = ready.replace(/\/$/, "");
  }

  async function removeData(): Promise<void> {
    if (options.dataDir === undefined) await Deno.remove(dataDir, { recursive: true });
  }

  async function login(name = "admin", password = adminPassword): Promise<Session> {
    const response = await fetch(`${url}/api/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: url },
      body: JSON.stringify({ login: name, password }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`Cannot log in as ${name}: ${response.status} ${answer}`);
    const cookie = response.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    return sessionOf(() => url, cookie);
  }

  await start().catch(async (error) => {
    await removeData();
    throw error;
  });
  return {
    get url() {
      return url;
    },
    dataDir,
    mqttPort: Number(settings.DOORLINE_MQTT_PORT),
    adminPassword,
    stdout: () => process?.stdout ?? [],
    stderr: () => process?.stderr ?? [],
    pid: () => process?.pid ?? 0,
    ended: () => process?.ended ?? null,
    login,
    adminLogin: () => login(),
    start,
    kill9: async () => {
      process?.signal("SIGKILL");
      await process?.end;
    },
    sigterm: async ({ timeoutMs = 20_000 } = {}) => {
      const ending = process;
      if (ending === null) throw new Error("Cannot end the service: it was not started");
      ending.signal("SIGTERM");
      await waitFor(() => ending.ended !== null, { timeoutMs, what: "the end of the service" });
      return ending.ended!.code;
    },
    stop: async () => {
      process?.signal("SIGKILL");
      await process?.end;
      await removeData();
    },
  };
}

/**
 * Runs the service to its end, for starts that have to fail.
 * @throws when it is still there after a minute
 */
export async function runService(
  env: Record<string, string>,
): Promise<ProcessEnd & { stdout: string[]; stderr: string[] }> {
  const dataDir = await Deno.makeTempDir({ prefix: "doorline-data-" });
  const process = spawnService({ ...await testSettings(dataDir), ...env });
  try {
    await waitFor(() => process.ended !== null, { timeoutMs: 60_000, what: "the end of the service" });
    return { ...process.ended!, stdout: process.stdout, stderr: process.stderr };
  } finally {
    process.signal("SIGKILL");
    await process.end;
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function testSettings(dataDir: string): Promise<Record<string, string>> {
  return {
    DOORLINE_DATA_DIR: dataDir,
    DOORLINE_HTTP_PORT: String(await freePort()),
    DOORLINE_MQTT_PORT: String(await freePort()),
    DOORLINE_WS_PORT: "0",
    DOORLINE_EMULATE: "none",
    DOORLINE_LOG_FORMAT: "json",
  };
}

function spawnService(settings: Record<string, string>, root = ROOT): OwnedProcess {
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("DOORLINE_"));
  return startProcess(Deno.execPath(), {
    args: startArguments(Deno.readTextFileSync(`${root}/deno.json`)),
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...settings },
    clearEnv: true,
  });
}

/**
 * Finds what `deno task start` gives to `deno` for main.ts, so that tests run with the same permissions.
 * @throws when the task has no such command
 */
export function startArguments(denoJson: string): string[] {
  const task = (JSON.parse(denoJson) as { tasks?: Record<string, string | { command: string }> }).tasks
    ?.start;
  const line = typeof task === "object" ? task.command : task ?? "";
  for (const command of line.split(/&&|;/)) {
    const words: string[] = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
    const at = words.indexOf("deno");
    if (at >= 0 && words[at + 1] === "run" && words.some((word) => word.endsWith("main.ts"))) {
      return words.slice(at + 1).map((word) => word.replace(/(["'])(.*?)\1/g, "$2"));
    }
  }
  throw new Error(`Cannot find "deno run … main.ts" in the task "start": ${line}`);
}

function sessionOf(url: () => string, cookie: string): Session {
  const headers = { Cookie: cookie };
  return {
    cookie,
    headers,
    api: async (method, path, { body, headers: more } = {}) => {
      const response = await fetch(`${url()}${path}`, {
        method,
        redirect: "manual",
        headers: {
          ...headers,
          Origin: url(),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...more,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? null : isJson ? JSON.parse(text) : text,
      };
    },
    stream: (topics, options) => openStream(`${url()}/api/stream?topics=${topics}`, { headers, ...options }),
  };
}

function said(process: OwnedProcess): string {
  return [...process.stdout.slice(-30), ...process.stderr.slice(-30)].join("\n");
}
