/**
 * @module
 * The service's log: pino to standard error, with secrets left out by name and numbers of people masked wherever
 * they stand in a line.
 */
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/** Keys whose value is never logged, however deep. */
const SECRET =
  /^(pass(word)?|secret|token|bot_token|cookie|authorization|set-cookie|api_?key|hash|.*_(hash|token|password|secret))$/i;

/** Credentials inside a URL, to the last at sign: a password may have one too. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"\\]+@/gi;

/** Ten to fifteen digits that are no part of a word or a fraction are a phone number; two of them remain. */
const PHONE = /(?<![\w-]|\d\.)\+?\d{8,13}(\d\d)(?!\w|\.\d)/g;

/** Nobody reads deeper than this, and what is there could not be looked through for ever. */
const MAX_DEPTH = 6;

interface LogOptions {
  level: string;
  format: "pretty" | "json";
  /** Where lines go; standard error unless told. */
  write?: (line: string) => void;
}

/** Makes the log. */
export function createLogger(options: LogOptions): Logger {
  const write = options.write ?? ((line: string) => void Deno.stderr.writeSync(encoder.encode(line)));
  const out = { write: (line: string) => write(mask(line)) };
  const human = options.format === "pretty"
    ? pretty({
      destination: lineStream(out.write),
      sync: true,
      colorize: Deno.stderr.isTerminal(),
      ignore: "pid,hostname",
    })
    : out;
  return pino({
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Errors are written out below, by whatever name they come; pino would do it again and call them objects.
    serializers: { err: (written) => written },
    formatters: { log: (fields) => withoutSecrets(fields, 0) as Record<string, unknown> },
  }, human);
}

/** Masks what must not be read in a line: credentials in URLs, and all but the end of phone numbers. */
export function mask(line: string): string {
  return line.replace(URL_CREDENTIALS, "$1***@").replace(PHONE, "***$1");
}

const encoder = new TextEncoder();

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return "[deeper]";
  // Errors carry fields too, and would lose their words if they were written as other objects are.
  if (value instanceof Error) return withoutSecrets(pino.stdSerializers.err(value), depth);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map((
      [name, item],
    ) => [name, SECRET.test(name) ? "***" : withoutSecrets(item, depth + 1)]),
  );
}

/** What pino-pretty writes to. */
function lineStream(write: (line: string) => void): NodeJS.WritableStream {
  const stream = { writable: true, write, end() {}, on() {}, once() {}, emit() {} };
  return stream as unknown as NodeJS.WritableStream;
}
