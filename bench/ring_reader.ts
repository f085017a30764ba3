/**
 * @module
 * Somebody who follows calls without a browser: by the stream and by the WebSocket, as a page does.
 */
import { WebSocket } from "ws";
import { earsHere, growEars } from "./ring_ears.ts";
import { answer } from "./support.ts";

growEars();
const ears = earsHere();

await answer({
  open: async ({ url, cookie }: { url: string; cookie: string }) => {
    const response = await fetch(`${url}/api/stream?topics=calls`, { headers: { Cookie: cookie } });
    void follow(response.body!);
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, {
      headers: { Cookie: cookie, Origin: url },
    });
    socket.on("message", (bytes: Uint8Array) => ears.frame(String(bytes), ears.now()));
    await new Promise((resolve, reject) => socket.once("message", resolve).once("error", reject));
  },
  heard: () => ({ changed: ears.changed, rang: ears.rang, statuses: ears.statuses }),
});

async function follow(body: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const at = ears.now();
    ears.stream(decoder.decode(bytes, { stream: true }), at);
  }
}
