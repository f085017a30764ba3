/**
 * @module
 * The reading side of the benchmark of logs: the service's own reader with 5,000 endpoints, and somebody who reads
 * along with one of them.
 */
import { AsteriskLogs } from "../actors/asterisk_log/logs.ts";
import { systemClock } from "../actors/clock.ts";
import { createLogger } from "../actors/logger.ts";
import { numberOf } from "./logs_lines.ts";
import { answer, measure, mustBe, type Used } from "./support.ts";

/** What the reader came to. */
export interface ReadLogs extends Used {
  /** Messages that were told to who reads along. */
  told: number;
  /** Memory of the process, in bytes. */
  memory: number;
}

/** How often it is looked whether all is read. */
const LOOK_EVERY_MS = 20;

let logs: AsteriskLogs;
let told = 0;
let used: () => Used;

await answer({
  open: async ({ path, phones, asked }: { path: string; phones: number; asked: number }) => {
    const topic = `logs:a/${numberOf(asked)}-ep`;
    const endpoints = Array.from({ length: phones }, (_, phone) => ({
      pbx: "a",
      name: `${numberOf(phone)}-ep`,
      aors: [String(numberOf(phone))],
    }));
    logs = new AsteriskLogs({
      sources: [{ pbx: "a", path }],
      zone: "UTC",
      clock: systemClock(),
      log: createLogger({ level: "error", format: "json" }),
      feed: { wants: (one) => one === topic, tell: () => void told++ },
      endpoints: () => endpoints,
    });
    await logs.start();
  },
  begin: () => {
    told = 0;
    used = measure();
  },
  /** Waits until so many messages are read in all. */
  finish: async ({ messages }: { messages: number }): Promise<ReadLogs> => {
    const read = () => logs.files()[0]!.lines;
    while (read() < messages) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const result = used();
    mustBe("messages", read(), messages);
    return { ...result, told, memory: Deno.memoryUsage().rss };
  },
  close: () => logs.stop(),
});
