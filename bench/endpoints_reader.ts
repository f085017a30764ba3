/**
 * @module
 * Somebody who follows endpoints by the stream: notes when each was first told to have come or gone.
 */
import { earsHere, growEars } from "./ring_ears.ts";
import { answer } from "./support.ts";

/** When each turn of an endpoint was heard of, by its name, in order; milliseconds. */
export type HeardTurns = Record<string, { status: string; at: number }[]>;

growEars();
const { now } = earsHere();
const CHANGE = /"name":"([^"]+)","display_name":"[^"]*","owner":[^,]*,"status":"(\w+)"/;
const heard: HeardTurns = {};

await answer({
  open: async ({ url, cookie }: { url: string; cookie: string }) => {
    const response = await fetch(`${url}/api/stream?topics=endpoints`, { headers: { Cookie: cookie } });
    void follow(response.body!);
  },
  heard: () => heard,
});

async function follow(body: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const at = now();
    const messages = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = messages.pop()!;
    for (const message of messages) {
      if (!message.includes("event: endpoint.changed")) continue;
      const [, name, status] = CHANGE.exec(message) ?? [];
      if (name === undefined || status === undefined) continue;
      const turns = heard[name] ??= [];
      if (turns.at(-1)?.status !== status) turns.push({ status, at });
    }
  }
}
