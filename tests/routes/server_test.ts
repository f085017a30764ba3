/**
 * @module
 * The listening socket: what is said when it cannot be had, and that its stop waits, but not for ever.
 */
import assert from "node:assert/strict";
import { serve, ServerError } from "../../routes/server.ts";

const HOST = "127.0.0.1";

function refusal(options: { host: string; port: number }): string {
  try {
    serve(options, () => new Response());
  } catch (error) {
    assert.ok(error instanceof ServerError, `${error}`);
    return error.message;
  }
  return assert.fail("it listens");
}

Deno.test("server: a port in use is named with its setting", async () => {
  const first = serve({ host: HOST, port: 0 }, () => new Response("here"));
  assert.equal(
    refusal({ host: HOST, port: first.port }),
    `DOORLINE_HTTP_PORT: port ${first.port} is in use on ${HOST}`,
  );
  await first.stop();
  const again = serve({ host: HOST, port: first.port }, () => new Response());
  await again.stop();
});

Deno.test("server: an address that is not of this machine, or none, is named with its setting", () => {
  for (const host of ["192.0.2.1", "not an address"]) {
    assert.match(refusal({ host, port: 0 }), /^DOORLINE_HOST: cannot listen on "/);
  }
});

Deno.test("server: stop lets a request that runs come to its end", async () => {
  let finish = () => {};
  const gate = new Promise<void>((resolve) => finish = resolve);
  let begun = () => {};
  const isBegun = new Promise<void>((resolve) => begun = resolve);
  const server = serve({ host: HOST, port: 0 }, async () => {
    begun();
    await gate;
    return new Response("done");
  });
  const asked = fetch(`http://${HOST}:${server.port}/`).then((answer) => answer.text());
  await isBegun;
  const stopped = server.stop(30_000);
  finish();
  assert.equal(await asked, "done");
  await stopped;
});

Deno.test("server: stop does not wait for ever for a request that does not end", async () => {
  let finish = () => {};
  const gate = new Promise<void>((resolve) => finish = resolve);
  let begun = () => {};
  const isBegun = new Promise<void>((resolve) => begun = resolve);
  const server = serve({ host: HOST, port: 0 }, async () => {
    begun();
    await gate;
    return new Response("late");
  });
  const asked = fetch(`http://${HOST}:${server.port}/`).then((answer) => answer.text());
  await isBegun;
  await server.stop(20);
  // In the service the process ends here; in a test the request has to.
  finish();
  assert.equal(await asked, "late");
});
