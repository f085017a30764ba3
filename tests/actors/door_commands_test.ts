/**
 * @module
 * Remote openings through panels and commands together: sent once or never, in time or never, one for a door,
 * and every end of them in the audit log.
 */
import assert from "node:assert/strict";
import type { StoredCommand } from "../../db/door_commands.ts";
import { DatabaseAway } from "../../db/client.ts";
import { CommandRefused } from "../../actors/door_commands.ts";
import { CLOSE_WINDOW_MS, COMMAND_LIFE_MS, LATE_WINDOW_MS } from "../../machines/door_command.ts";
import type { CommandStatus } from "../../machines/views.ts";
import { closed, heartbeat, type House, MAC, opened, OPERATOR, startHouse } from "./fakes.ts";

/** A house with one panel that is online and whose door is closed. */
async function withPanel(run: (house: House) => Promise<void>): Promise<void> {
  const house = startHouse();
  try {
    await house.intercoms.receive(heartbeat(), false);
    house.writer.units.length = 0;
    house.feed.published.length = 0;
    await run(house);
    assert.deepEqual(house.troubles, []);
  } finally {
    house.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

const wish = (key: string | null = null, apartment: string | null = "12") => ({
  apartment,
  by: OPERATOR,
  idempotencyKey: key,
});

const results = (house: House) =>
  house.writer.audit.filter(({ action }) => action === "door.open").map(({ result }) => result);
const refusal = (kind: string) => (error: unknown) => error instanceof CommandRefused && error.kind === kind;

Deno.test("door commands: a door is opened, confirmed by the panel's echo, and closed", () =>
  withPanel(async (house) => {
    const { intercoms, transport, writer, clock } = house;
    const command = await intercoms.open(MAC, wish());
    assert.equal(command.status, "sent");
    const issued = new Date(clock.now()).toISOString();
    const expires = new Date(clock.now() + COMMAND_LIFE_MS).toISOString();
    assert.deepEqual(transport.sent, [{
      topicMac: MAC,
      payload: {
        action: "open",
        apartment: "12",
        command_id: command.id,
        issued_at: issued,
        expires_at: expires,
      },
      expiresInMs: COMMAND_LIFE_MS,
    }]);
    clock.pass(400);
    await intercoms.receive(opened(command.id), false);
    assert.equal(house.commands.get(command.id)!.status, "confirmed");
    clock.pass(5000);
    await intercoms.receive(closed(), false);
    const view = intercoms.get(MAC)!.command!;
    assert.equal(view.status, "closed");
    assert.equal(view.late, false);
    assert.deepEqual(results(house), ["requested", "confirmed", "closed"]);
    const rows = writer.units.flatMap(({ command: row }) => row ?? []);
    assert.deepEqual(rows.map(({ status }) => status), ["requested", "sent", "confirmed", "closed"]);
    assert.deepEqual(
      writer.events.map(({ type, command_id, apartment }) => [type, command_id, apartment]),
      [
        ["open_command", command.id, "12"],
        ["door_opened", command.id, null],
        ["door_closed", null, null],
      ],
    );
    assert.equal(intercoms.get(MAC)!.alarm, null, "a remote command explains it");
  }));

Deno.test("door commands: the audit says who, from where, which door and apartment", () =>
  withPanel(async ({ intercoms, writer, clock }) => {
    const command = await intercoms.open(MAC, wish());
    assert.deepEqual(writer.audit[0], {
      ref: `${command.id} requested`,
      at: new Date(clock.now()).toISOString(),
      user_id: OPERATOR.id,
      actor: OPERATOR.name,
      action: "door.open",
      target: MAC,
      address: OPERATOR.address,
      result: "requested",
      detail: { command_id: command.id, apartment: "12" },
    });
  }));

Deno.test("door commands: a panel that echoes nothing confirms by the source remote", () =>
  withPanel(async ({ intercoms, commands }) => {
    const { id } = await intercoms.open(MAC, wish());
    await intercoms.receive(opened(null, "key"), false);
    assert.equal(commands.get(id)!.status, "sent", "a key is not the command's doing");
    await intercoms.receive(opened(null, "remote"), false);
    assert.equal(commands.get(id)!.status, "confirmed");
  }));

Deno.test("door commands: an opening with no reason is explained while a command is under way, and only then", () =>
  withPanel(async ({ intercoms, clock }) => {
    await intercoms.open(MAC, wish());
    await intercoms.receive(opened(null), false);
    assert.equal(intercoms.get(MAC)!.alarm, null);
    assert.equal(intercoms.get(MAC)!.door_source, "remote");
    await intercoms.receive(closed(), false);
    clock.pass(COMMAND_LIFE_MS);
    await intercoms.receive(heartbeat(), false);
    await intercoms.receive(opened(null), false);
    assert.equal(intercoms.get(MAC)!.alarm!.kind, "forced");
  }));

Deno.test("door commands: a heartbeat that shows the door open before the panel says so is no break-in", () =>
  withPanel(async ({ intercoms }) => {
    const { id } = await intercoms.open(MAC, wish());
    await intercoms.receive(heartbeat("open"), false);
    assert.equal(intercoms.get(MAC)!.alarm, null);
    await intercoms.receive(opened(id), false);
    assert.equal(intercoms.get(MAC)!.alarm, null);
    assert.equal(intercoms.get(MAC)!.command!.status, "confirmed");
  }));

Deno.test("row 16: a panel cannot confirm the command of another door", () =>
  withPanel(async ({ intercoms, commands }) => {
    await intercoms.receive(heartbeat("closed", "AA:BB:CC:02"), false);
    const { id } = await intercoms.open(MAC, wish());
    await intercoms.receive(opened(id, null, "AA:BB:CC:02"), false);
    assert.equal(commands.get(id)!.status, "sent");
  }));

Deno.test("door commands: a panel that is quicker than the broker's answer is believed, and told of once", () =>
  withPanel(async (house) => {
    const { intercoms, commands, transport } = house;
    transport.holding = true;
    const answer = intercoms.open(MAC, wish());
    await house.settle();
    const id = transport.sent[0]!.payload.command_id as string;
    await intercoms.receive(opened(id), false);
    assert.equal(commands.get(id)!.status, "confirmed");
    transport.answer();
    assert.equal((await answer).status, "confirmed");
    assert.deepEqual(results(house), ["requested", "confirmed"]);
  }));

Deno.test("door commands: an opening before the command was handed over is not its doing", () =>
  withPanel(async (house) => {
    const { intercoms, writer, transport } = house;
    writer.holding = true;
    const answer = intercoms.open(MAC, wish());
    const told = intercoms.receive(opened(null, "remote"), false);
    writer.release();
    await told;
    assert.equal((await answer).status, "sent");
    assert.equal(transport.sent.length, 1);
  }));

Deno.test("row 4: door opening fails closed when it cannot be recorded, and may be tried again", () =>
  withPanel(async (house) => {
    const { intercoms, transport, writer } = house;
    writer.failure = new DatabaseAway("away");
    await assert.rejects(intercoms.open(MAC, wish("k1")), DatabaseAway);
    assert.deepEqual(transport.sent, []);
    assert.equal(intercoms.get(MAC)!.command!.status, "failed");
    assert.equal(
      house.troubles.splice(0).length,
      1,
      "that it failed cannot be written either, which is told",
    );
    writer.failure = null;
    assert.equal((await intercoms.open(MAC, wish("k1"))).status, "sent");
    assert.equal(transport.sent.length, 1);
  }));

Deno.test("row 4: door opening fails closed when the commit is withdrawn, and that is audited later", () =>
  withPanel(async (house) => {
    const { intercoms, transport, writer } = house;
    writer.holding = true;
    const answer = intercoms.open(MAC, wish());
    writer.release(new DatabaseAway("no answer in 3000 ms"));
    await assert.rejects(answer, DatabaseAway);
    await house.settle();
    assert.deepEqual(transport.sent, []);
    assert.deepEqual(results(house), ["failed: could not be recorded"]);
  }));

Deno.test("row 4: an operator does not wait for the database once the panel was told", () =>
  withPanel(async ({ intercoms, transport, writer }) => {
    writer.holding = true;
    const answer = intercoms.open(MAC, wish());
    const [request] = writer.held.splice(0);
    request!.settle();
    assert.equal((await answer).status, "sent");
    assert.equal(transport.sent.length, 1);
    writer.release();
  }));

Deno.test("row 20: a command whose commit was too slow is never sent", () =>
  withPanel(async (house) => {
    const { intercoms, transport, writer, clock } = house;
    writer.holding = true;
    const answer = intercoms.open(MAC, wish());
    clock.pass(COMMAND_LIFE_MS);
    writer.release();
    assert.equal((await answer).status, "expired");
    assert.deepEqual(transport.sent, []);
    await house.settle();
    assert.deepEqual(results(house), ["requested", "expired"]);
  }));

Deno.test("row 20: a command goes with the life that remains to it", () =>
  withPanel(async ({ intercoms, transport, writer, clock }) => {
    writer.holding = true;
    const answer = intercoms.open(MAC, wish());
    clock.pass(2500);
    writer.release();
    await answer;
    assert.equal(transport.sent[0]!.expiresInMs, COMMAND_LIFE_MS - 2500);
  }));

Deno.test("row 20: late confirmation is shown late, and the command stays expired", () =>
  withPanel(async (house) => {
    const { intercoms, clock } = house;
    const { id } = await intercoms.open(MAC, wish());
    clock.pass(COMMAND_LIFE_MS);
    assert.equal(intercoms.get(MAC)!.command!.status, "expired");
    clock.pass(30_000);
    await intercoms.receive(opened(id, "remote"), false);
    const view = intercoms.get(MAC)!.command!;
    assert.equal(view.status, "expired");
    assert.equal(view.late, true);
    assert.equal(view.confirmed_at, new Date(clock.now()).toISOString());
    assert.deepEqual(results(house), ["requested", "expired", "confirmed late"]);
    assert.equal(house.transport.sent.length, 1, "nothing is sent again");
  }));

for (const jumpMs of [0, -3_600_000]) {
  Deno.test(`row 20: a late confirmation that names its command is that one's, though a newer one is under way (wall clock ${jumpMs} ms)`, () =>
    withPanel(async ({ intercoms, commands, clock, writer }) => {
      const first = await intercoms.open(MAC, wish());
      clock.pass(COMMAND_LIFE_MS + 1000);
      clock.jump(jumpMs);
      const second = await intercoms.open(MAC, wish());
      await intercoms.receive(opened(first.id), false);
      assert.equal(commands.get(second.id)!.status, "sent");
      assert.equal(intercoms.get(MAC)!.command!.id, second.id, "the newer one is shown");
      const late = writer.units.flatMap(({ command }) => command ?? []).filter(({ id }) => id === first.id)
        .at(
          -1,
        )!;
      assert.equal(late.late, true);
    }));
}

Deno.test("door commands: what the transport refuses has failed, with the reason", () =>
  withPanel(async (house) => {
    house.transport.refusal = "the panel does not listen for commands";
    const command = await house.intercoms.open(MAC, wish());
    assert.equal(command.status, "failed");
    assert.equal(command.failed_reason, "the panel does not listen for commands");
    await house.settle();
    assert.deepEqual(results(house), ["requested", "failed: the panel does not listen for commands"]);
    house.transport.refusal = null;
    assert.equal((await house.intercoms.open(MAC, wish())).status, "sent", "the door is free again");
  }));

Deno.test("row 21: of a hundred openings at once one command is sent, and all learn who won", () =>
  withPanel(async ({ intercoms, transport, writer }) => {
    const answers = await Promise.allSettled(
      Array.from(
        { length: 100 },
        (_, i) => intercoms.open(MAC, { ...wish(), by: { ...OPERATOR, id: i, name: `Operator ${i}` } }),
      ),
    );
    assert.equal(transport.sent.length, 1);
    assert.equal(answers.filter(({ status }) => status === "fulfilled").length, 1);
    for (const answer of answers.slice(1)) {
      assert.ok(answer.status === "rejected" && refusal("command-in-flight")(answer.reason));
      assert.match((answer.reason as Error).message, /^Operator 0 /);
    }
    const lost = writer.audit.filter(({ result }) => result === "refused: command-in-flight");
    assert.equal(lost.length, 99, "refused openings are in the audit log");
  }));

Deno.test("row 21: a hundred openings with one key are one command", () =>
  withPanel(async ({ intercoms, transport }) => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => intercoms.open(MAC, wish("k1"))),
    );
    assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
    assert.equal(transport.sent.length, 1);
  }));

Deno.test("row 21: one door is opened by one command, also after the wall clock was set back", () =>
  withPanel(async ({ intercoms, transport, clock }) => {
    const first = await intercoms.open(MAC, wish());
    await intercoms.receive(opened(first.id), false);
    await intercoms.receive(closed(), false);
    clock.jump(-3_600_000);
    clock.pass(1000);
    const answers = await Promise.allSettled([1, 2, 3].map(() => intercoms.open(MAC, wish())));
    assert.deepEqual(answers.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    assert.equal(transport.sent.length, 2);
    assert.equal(intercoms.get(MAC)!.command!.status, "sent");
  }));

Deno.test("row 14: the same key with the same body is the same command, with another body it is refused", () =>
  withPanel(async (house) => {
    const { intercoms, transport, clock } = house;
    const first = await intercoms.open(MAC, wish("k1"));
    await intercoms.receive(opened(first.id), false);
    clock.pass(3_600_000);
    house.state.linkUp = false;
    const again = await intercoms.open(MAC, wish("k1"));
    assert.equal(again.id, first.id, "it is answered, whatever the panel's state is now");
    house.state.linkUp = true;
    await intercoms.receive(heartbeat(), false);
    await assert.rejects(intercoms.open(MAC, wish("k1", "13")), refusal("idempotency-key-reused"));
    assert.equal(transport.sent.length, 1);
    const other = { ...wish("k1"), by: { ...OPERATOR, id: 8 } };
    assert.notEqual((await intercoms.open(MAC, other)).id, first.id, "keys are the user's own");
  }));

Deno.test("door commands: a panel that cannot be reached is refused, with an audit line for each", () =>
  withPanel(async (house) => {
    const { intercoms, transport, clock, state } = house;
    state.linkUp = false;
    await assert.rejects(intercoms.open(MAC, wish()), refusal("link-down"));
    state.linkUp = true;
    intercoms.linkChanged(false);
    await assert.rejects(intercoms.open(MAC, wish()), refusal("panel-unknown"));
    intercoms.linkChanged(true);
    clock.pass(120_000);
    await assert.rejects(intercoms.open(MAC, wish()), refusal("panel-offline"));
    assert.deepEqual(transport.sent, []);
    assert.deepEqual(results(house), [
      "refused: link-down",
      "refused: panel-unknown",
      "refused: panel-offline",
    ]);
    assert.deepEqual(house.writer.audit[0]!.detail, { apartment: "12" });
  }));

Deno.test("door commands: a panel that waits for an operator's yes is not opened", async () => {
  const house = startHouse({ adopt: "approve" });
  await house.intercoms.receive(heartbeat(), false);
  await assert.rejects(house.intercoms.open(MAC, wish()), refusal("not-adopted"));
  assert.deepEqual(results(house), ["refused: not-adopted"]);
  house.stop();
});

Deno.test("door commands: the end of a command is shown for a minute, and nothing of it is held for longer", () =>
  withPanel(async ({ intercoms, commands, clock }) => {
    const { id } = await intercoms.open(MAC, wish());
    await intercoms.receive(opened(id), false);
    await intercoms.receive(closed(), false);
    clock.pass(60_000);
    assert.equal(intercoms.get(MAC)!.command!.id, id);
    clock.pass(1);
    assert.equal(intercoms.get(MAC)!.command, null);
    assert.equal(commands.get(id), null);
  }));

Deno.test("door commands: what nobody closes or confirms is not shown for ever, and pages are told", () =>
  withPanel(async ({ intercoms, commands, clock, feed }) => {
    for (
      const [confirmed, windowMs] of [[true, CLOSE_WINDOW_MS], [
        false,
        COMMAND_LIFE_MS + LATE_WINDOW_MS,
      ]] as const
    ) {
      const { id } = await intercoms.open(MAC, wish());
      if (confirmed) await intercoms.receive(opened(id), false);
      clock.pass(windowMs - 1);
      assert.equal(commands.latestOf(MAC)!.id, id);
      clock.pass(1);
      assert.equal(commands.latestOf(MAC), null);
      assert.equal(commands.get(id), null);
      assert.equal(feed.published.findLast(({ event }) => event === "intercom.changed")!.data.command, null);
      await intercoms.receive(heartbeat(), false);
    }
    assert.equal(commands.inFlight, 0);
  }));

/** A command as a former run left it, issued `agoMs` before now. */
function stored(house: House, status: CommandStatus, agoMs: number): StoredCommand {
  const issued = house.clock.now() - agoMs;
  return {
    id: `C-${status}`,
    mac: MAC,
    apartment: "12",
    status,
    requested_by: OPERATOR.id,
    requested_by_name: OPERATOR.name,
    requested_from: OPERATOR.address,
    idempotency_key: "k1",
    request_sha256: "x",
    issued_at: new Date(issued),
    expires_at: new Date(issued + COMMAND_LIFE_MS),
    sent_at: status === "requested" ? null : new Date(issued + 10),
    confirmed_at: status === "confirmed" ? new Date(issued + 500) : null,
    closed_at: null,
    late: false,
    failed_reason: null,
  };
}

for (
  const [status, agoMs, now, later, audit] of [
    ["requested", COMMAND_LIFE_MS - 1, "requested", "expired", ["expired"]],
    ["requested", COMMAND_LIFE_MS, "expired", "expired", ["expired"]],
    ["sent", COMMAND_LIFE_MS - 1, "sent", "expired", ["expired"]],
    ["sent", COMMAND_LIFE_MS, "expired", "expired", ["expired"]],
    ["confirmed", 60_000, "confirmed", "confirmed", []],
  ] as const
) {
  Deno.test(`row 2: after a restart a command that was ${status} ${agoMs} ms ago is ${now}, then ${later}`, () =>
    withPanel(async (house) => {
      const { commands, transport, clock } = house;
      const row = stored(house, status, agoMs);
      await commands.restore([row], []);
      assert.equal(commands.get(row.id)!.status, now);
      clock.pass(1);
      await house.settle();
      assert.equal(commands.get(row.id)!.status, later);
      assert.deepEqual(results(house), audit);
      assert.deepEqual(transport.sent, [], "nothing is sent by a later run");
      if (now !== later) assert.equal(commands.inFlight, 0);
    }));
}

Deno.test("row 2: after a restart a command may still be confirmed, and closed", () =>
  withPanel(async (house) => {
    const row = stored(house, "sent", 5000);
    await house.commands.restore([row], []);
    await assert.rejects(house.intercoms.open(MAC, wish()), refusal("command-in-flight"));
    await house.intercoms.receive(opened(row.id), false);
    await house.intercoms.receive(closed(), false);
    assert.equal(house.commands.get(row.id)!.status, "closed");
    assert.deepEqual(results(house).slice(1), ["confirmed", "closed"]);
  }));

Deno.test("row 2: a confirmed command whose door nobody saw close is gone after a restart", () =>
  withPanel(async ({ commands, clock, ...house }) => {
    await commands.restore([stored({ commands, clock, ...house }, "confirmed", CLOSE_WINDOW_MS + 500)], []);
    clock.pass(0);
    assert.equal(commands.latestOf(MAC), null);
  }));

Deno.test("row 2: of a door's commands the newest is shown after a restart, in whatever order they are read", () =>
  withPanel(async (house) => {
    const old = { ...stored(house, "confirmed", 90_000), id: "Z-older" };
    const young = { ...stored(house, "sent", 1000), id: "A-newer" };
    await house.commands.restore([young, old], []);
    assert.equal(house.intercoms.get(MAC)!.command!.id, young.id);
  }));

Deno.test("row 14: keys of a former run are known, and the oldest are forgotten first", () =>
  withPanel(async (house) => {
    const { commands, intercoms, transport } = house;
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      ...stored(house, "closed", i),
      id: `C${i}`,
      idempotency_key: `k${i}`,
    }));
    await commands.restore([], rows);
    await intercoms.open(MAC, wish("fresh"));
    assert.equal(commands.isRepeated(OPERATOR.id, "k0"), true, "the newest");
    assert.equal(commands.isRepeated(OPERATOR.id, "k9999"), false, "the oldest");
    await assert.rejects(intercoms.open(MAC, wish("k0")), refusal("idempotency-key-reused"), "another body");
    assert.equal(transport.sent.length, 1);
  }));

Deno.test("door commands: the stop leaves nothing to be sent", async () => {
  const house = startHouse();
  await house.intercoms.receive(heartbeat(), false);
  house.writer.holding = true;
  const answer = house.intercoms.open(MAC, wish());
  house.stop();
  house.writer.release();
  await answer;
  assert.deepEqual(house.transport.sent, []);
  assert.equal(house.clock.sim.live, 0);
});

Deno.test("door commands: a door that only a heartbeat shows closed ends its command", () =>
  withPanel(async (house) => {
    const command = await house.intercoms.open(MAC, wish());
    await house.intercoms.receive(opened(command.id), false);
    await house.intercoms.receive(heartbeat("closed"), false);
    assert.equal(house.commands.get(command.id)!.status, "closed");
    assert.equal(house.writer.units.findLast((unit) => unit.command)!.command!.status, "closed");
  }));

Deno.test("door commands: one closing ends every opening before it", () =>
  withPanel(async (house) => {
    const first = await house.intercoms.open(MAC, wish());
    await house.intercoms.receive(opened(first.id), false);
    const second = await house.intercoms.open(MAC, wish());
    await house.intercoms.receive(opened(second.id), false);
    await house.intercoms.receive(closed(), false);
    const stored = new Map(
      house.writer.units.flatMap(({ command }) => command ? [[command.id, command.status]] : []),
    );
    assert.deepEqual([stored.get(first.id), stored.get(second.id)], ["closed", "closed"]);
  }));

Deno.test("row 14: a key is forgotten after a day", () =>
  withPanel(async (house) => {
    const { intercoms, clock } = house;
    const first = await intercoms.open(MAC, wish("daily"));
    for (let hour = 0; hour < 24; hour++) {
      clock.pass(3600_000);
      await intercoms.receive(heartbeat(), false);
    }
    const second = await intercoms.open(MAC, wish("daily"));
    assert.notEqual(second.id, first.id);
  }));
