/**
 * @module
 * The reader of streams keeps ids, names and comments, over any cut of the bytes, and notices an end.
 */
import assert from "node:assert/strict";
import { openStream } from "./sse.ts";
import { waitFor } from "./wait.ts";

Deno.test("sse: reads messages whatever the chunks, and notices the end", async () => {
  const text =
    ': ping\n\nid: e-1\nevent: snapshot\ndata: {"at":"día"}\n\nevent: bye\ndata: {"reason":"stopping"}\n\n';
  let asked: Headers | null = null;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked = request.headers;
    const bytes = new TextEncoder().encode(text);
    const body = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < bytes.length; at += 3) controller.enqueue(bytes.subarray(at, at + 3));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  });
  const stream = await openStream(`http://127.0.0.1:${server.addr.port}/`, { lastEventId: "e-0" });
  const snapshot = await stream.waitForEvent("snapshot");
  assert.deepEqual(snapshot, { id: "e-1", event: "snapshot", data: { at: "día" } });
  await stream.waitForEvent("bye", ({ data }) => data.reason === "stopping");
  await waitFor(() => stream.ended(), { what: "the end of the stream" });
  assert.deepEqual([stream.comments(), stream.lastId()], [1, "e-1"]);
  assert.equal(asked!.get("last-event-id"), "e-0");
  await stream.close();
  await server.shutdown();
});

Deno.test("sse: an answer that is no stream is told with its status", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("no", { status: 401 }),
  );
  await assert.rejects(openStream(`http://127.0.0.1:${server.addr.port}/`), /401 no/);
  await server.shutdown();
});
