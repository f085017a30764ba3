/**
 * @module
 * A start that cannot succeed says why in one line that names the setting, and ends: 2 for a bad setting, 1 for what
 * the machine refuses. A data directory has one holder.
 */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { migrate } from "../../db/migrate.ts";
import { withDatabase } from "../db/ground.ts";
import { lacks } from "../support/available.ts";
import { freePort } from "../support/free_port.ts";
import { startPostgres } from "../support/servers.ts";
import { runService, startService } from "../support/service.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

Deno.test("row 37: a second process on a data directory is refused with the holder's PID, until that is dead", async () => {
  const first = await startService();
  const pid = first.pid();
  const second = await runService({ DOORLINE_DATA_DIR: first.dataDir });
  assert.equal(second.code, 1);
  assert.deepEqual(ours(second.stderr), [`DOORLINE_DATA_DIR: "${first.dataDir}" is held by process ${pid}`]);
  assert.deepEqual(second.stdout, []);
  // The first has not been hurt.
  const session = await first.adminLogin();
  assert.equal((await session.api("GET", "/api/intercoms")).status, 200);
  await first.kill9();
  await first.start();
  assert.notEqual(first.pid(), pid);
  assert.equal(await first.sigterm(), 0);
  await first.start();
  await first.stop();
});

Deno.test("start: an empty data directory is made into a working one, readable by its owner only", async () => {
  const parent = await Deno.makeTempDir({ prefix: "doorline-bare-" });
  const service = await startService({ dataDir: `${parent}/some/data`, bare: true });
  assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
  assert.equal((await Deno.stat(service.dataDir)).mode! & 0o077, 0);
  await service.stop();
  await Deno.remove(parent, { recursive: true });
});

Deno.test("start: a port that is in use is told by its setting, exit 1", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  for (const setting of ["DOORLINE_HTTP_PORT", "DOORLINE_MQTT_PORT"]) {
    const { code, stderr, stdout } = await runService({ [setting]: String(port) });
    assert.equal(code, 1, setting);
    assert.deepEqual(ours(stderr), [`${setting}: port ${port} is in use on 127.0.0.1`]);
    assert.equal(stdout.some((line) => line.includes("is ready")), false);
  }
  await new Promise<void>((resolve) => holder.close(() => resolve()));
});

Deno.test("start: a database that refuses, or does not answer, is told by its setting without its password, exit 1", async () => {
  const hole = await startTcpProxy({ target: await freePort() });
  hole.blackHole();
  for (const [port, why] of [[await freePort(), /ECONNREFUSED/], [hole.port, /TIMEOUT|No answer/]] as const) {
    const { code, stderr } = await runService({
      DOORLINE_DATABASE_URL: `postgres://doorline:canary-password@127.0.0.1:${port}/doors`,
    });
    assert.equal(code, 1);
    const [line, ...more] = ours(stderr);
    assert.deepEqual(more, []);
    assert.match(line ?? "", why);
    assert.ok(
      line?.startsWith(`DOORLINE_DATABASE_URL: cannot use the database postgres://127.0.0.1:${port}/doors`),
    );
    assert.equal(stderr.join("\n").includes("canary"), false);
  }
  await hole.stop();
});

Deno.test({
  name: "start: a database that refuses the user is told by its setting, exit 1",
  ignore: lacks("postgresql"),
  fn: async () => {
    const server = await startPostgres();
    const { code, stderr } = await runService({
      DOORLINE_DATABASE_URL: server.url.replace("/doorline", "/no_such_database"),
    });
    assert.equal(code, 1);
    assert.equal(ours(stderr).length, 1);
    assert.match(ours(stderr)[0]!, /^DOORLINE_DATABASE_URL: .*no_such_database/);
    await server.stop();
  },
});

Deno.test({
  name: "start: a database that goes away in the midst of it is told by its setting, exit 1",
  ignore: lacks("postgresql"),
  fn: async () => {
    const server = await startPostgres();
    await withDatabase({ url: server.url }, (database) => migrate(database));
    // A table that is locked is as far away as a database that was lost, and just where the test wants it to be.
    const stages = [["users", "none"], ["intercoms", "intercoms"], ["door_commands", "none"]] as const;
    for (const [table, emulate] of stages) {
      await withDatabase({ url: server.url }, async (database) => {
        let done = () => {};
        const held = new Promise<void>((resolve) => done = resolve);
        const locked = Promise.withResolvers<void>();
        const holding = database.query((sql) =>
          sql.begin(async (tx) => {
            await tx`set local idle_in_transaction_session_timeout = 0`;
            await tx`lock table ${tx(table)} in access exclusive mode`;
            locked.resolve();
            await held;
          }), { deadlineMs: 60_000 });
        await Promise.race([locked.promise, holding]);
        const { code, stderr } = await runService({
          DOORLINE_DATABASE_URL: server.url,
          DOORLINE_EMULATE: emulate,
        });
        done();
        await holding;
        assert.equal(code, 1, table);
        assert.equal(ours(stderr).length, 1, stderr.join("\n"));
        assert.match(ours(stderr)[0]!, /^DOORLINE_DATABASE_URL: lost the database while starting: No answer/);
      });
    }
    await server.stop();
  },
});

Deno.test("start: a broker that does not answer does not keep the service from starting; its link says so", async () => {
  const port = await freePort();
  const service = await startService({
    env: { DOORLINE_MQTT_URL: `mqtt://user:canary-word@127.0.0.1:${port}` },
  });
  const session = await service.adminLogin();
  const { body } = await session.api("GET", "/api/links");
  const broker = body.items.find(({ id }: { id: string }) => id === "broker");
  assert.equal(broker.target, `mqtt://127.0.0.1:${port}`);
  assert.notEqual(broker.state, "up");
  const ready = await fetch(`${service.url}/readyz`);
  assert.deepEqual([ready.status, (await ready.json()).state], [200, "degraded"]);
  assert.equal([...service.stdout(), ...service.stderr()].join("\n").includes("canary"), false);
  assert.equal(await service.sigterm(), 0);
  await service.stop();
});

Deno.test("start: bad and unknown settings are told in one line each, exit 2", async () => {
  const bad: [Record<string, string>, RegExp][] = [
    [{ DOORLINE_OFFLINE_AFTER: "soon" }, /^DOORLINE_OFFLINE_AFTER: expected seconds .*"soon"$/],
    [{ DOORLINE_OFLINE_AFTER: "3" }, /^DOORLINE_OFLINE_AFTER: unknown setting, expected one of /],
    [{ DOORLINE_MQTT_URL: "http://x" }, /^DOORLINE_MQTT_URL: expected mqtt/],
    [{ DOORLINE_ADMIN_PASSWORD: "canary" }, /^DOORLINE_ADMIN_PASSWORD: expected at least 10 characters/],
  ];
  for (const [env, line] of bad) {
    const { code, stderr, stdout } = await runService(env);
    assert.equal(code, 2, JSON.stringify(env));
    assert.equal(stderr.length, 1, stderr.join("\n"));
    assert.match(stderr[0]!, line);
    assert.deepEqual(stdout, []);
    assert.equal(stderr[0]!.includes("canary"), false);
  }
});

/** Lines of the service itself, without its log. */
function ours(lines: string[]): string[] {
  return lines.filter((line) => !line.startsWith("{"));
}
