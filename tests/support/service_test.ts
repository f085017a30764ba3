/**
 * @module
 * The runner of the service starts what `deno task start` starts, and knows how it ended; shown on a stand-in.
 */
import assert from "node:assert/strict";
import { startArguments, startService } from "./service.ts";

/** Says that it is ready, logs anybody in who knows the password, ends with code 7 when it is asked to. */
const STAND_IN = `
const setting = (name) => Deno.env.get("DOORLINE_" + name);
if (setting("BAD")) {
  console.error("DOORLINE_BAD: expected nothing");
  Deno.exit(2);
}
Deno.writeTextFileSync(setting("DATA_DIR") + "/starts", ".", { append: true });
Deno.addSignalListener("SIGTERM", () => Deno.exit(7));
Deno.serve({ hostname: "127.0.0.1", port: Number(setting("HTTP_PORT")), onListen: () => {} }, async (request) => {
  if (new URL(request.url).pathname !== "/api/login") {
    return Response.json({ cookie: request.headers.get("cookie"), sent: await request.text() });
  }
  const { password } = await request.json();
  if (password !== setting("ADMIN_PASSWORD")) return new Response("no", { status: 401 });
  return new Response("{}", { headers: { "set-cookie": "session=abc; HttpOnly" } });
});
console.log("Doorline is ready: http://127.0.0.1:" + setting("HTTP_PORT"));
`;

async function withStandIn(play: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "doorline-stand-in-" });
  const start = "deno run --allow-net --allow-env --allow-read --allow-write main.ts";
  await Deno.writeTextFile(`${root}/deno.json`, JSON.stringify({ tasks: { start } }));
  await Deno.writeTextFile(`${root}/main.ts`, STAND_IN);
  try {
    await play(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("service: starts, is logged in to, survives kill -9 on its data, and ends with its own code", async () => {
  await withStandIn(async (root) => {
    const service = await startService({ root });
    const session = await service.adminLogin();
    const answer = await session.api("POST", "/api/x", { body: { apartment: 1 } });
    assert.deepEqual(answer.body, { cookie: "session=abc", sent: '{"apartment":1}' });
    await assert.rejects(service.login("admin", "wrong"), /Cannot log in as admin: 401/);
    const pid = service.pid();
    await service.kill9();
    assert.equal(service.ended()?.signal, "SIGKILL");
    await service.start();
    assert.notEqual(service.pid(), pid);
    assert.equal(await Deno.readTextFile(`${service.dataDir}/starts`), "..");
    assert.equal(await service.sigterm(), 7);
    await service.stop();
    await assert.rejects(Deno.stat(service.dataDir));
  });
});

Deno.test("service: a start that fails is told with its output", async () => {
  await withStandIn(async (root) => {
    await assert.rejects(
      startService({ root, env: { DOORLINE_BAD: "1" } }),
      /Cannot start the service: exit code 2\n.*DOORLINE_BAD: expected nothing/s,
    );
  });
});

Deno.test("service: takes the permissions of the task that starts it", () => {
  const task = (start: unknown) => JSON.stringify({ tasks: { start } });
  const built = task("deno run -A ui/build.ts && deno run --allow-net --allow-env='A,B' main.ts");
  assert.deepEqual(startArguments(built), ["run", "--allow-net", "--allow-env=A,B", "main.ts"]);
  assert.deepEqual(startArguments(task({ command: "deno run main.ts" })), ["run", "main.ts"]);
  assert.throws(() => startArguments(task("deno serve main.ts")), /Cannot find/);
});
