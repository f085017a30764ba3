/**
 * @module
 * One connection to an AMI server: the defects of the library that it hides, each with its own test, deadlines,
 * lists, and bytes however they are cut.
 */
import assert from "node:assert/strict";
import { ACTION_DEADLINE_MS, PING_DEADLINE_MS, PING_EVERY_MS } from "../../../actors/ami/connection.ts";
import { AmiNotUp, AmiRefused, AmiTimeout } from "../../../actors/ami/packet.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import { waitFor, withDeadline } from "../../support/wait.ts";
import { FakeAmi, list, packet } from "./fake_ami.ts";
import { makeConnection, withConnection } from "./ground.ts";

/** Fails with the error that the promise is to fail with. */
function fails(promise: Promise<unknown>, error: new (...args: never[]) => Error): Promise<void> {
  return withDeadline(assert.rejects(promise, error));
}

Deno.test("AMI connection: logs in, asks for the classes that it needs, and pings while it lives", async () => {
  await withConnection(async ({ ami, clock, said, connection }) => {
    assert.deepEqual(said, ["connected", "logged in"]);
    const events = await ami.heard("Events");
    assert.deepEqual(events.headers.find(([name]) => name === "Eventmask"), [
      "Eventmask",
      "call,system,agent",
    ]);
    for (const times of [1, 2, 3]) {
      clock.pass(PING_EVERY_MS);
      await ami.heard("Ping", times);
      await connection.action("CoreStatus"); // its answer follows that to the ping
    }
    assert.equal(said.length, 2);
  });
});

Deno.test("AMI connection: a server that does not narrow its events is used as it is", async () => {
  const ami = new FakeAmi();
  delete ami.answers.events;
  await ami.start();
  const { connection, until } = makeConnection(ami.port);
  connection.open();
  await until("logged in");
  await connection.action("Ping");
  await connection.close();
  await ami.stop();
});

Deno.test("AMI defect 1: half a packet of a cut connection is not glued to the next greeting", async () => {
  await withConnection(async ({ ami, until }) => {
    ami.session.write("Event: Newchannel\r\nChannel: PJSIP/777-ep-000");
    ami.session.socket.end();
    await until("lost");
    const next = makeConnection(ami.port);
    next.connection.open();
    await next.until("logged in");
    ami.session.send({ Event: "Hangup", Uniqueid: "1.1" });
    await waitFor(() => next.events.length === 2);
    assert.deepEqual(next.events.map(({ event }) => event), ["FullyBooted", "Hangup"]);
    await next.connection.close();
  });
});

Deno.test("AMI defect 2: an action fails at once where there is no login, and is never done later", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const { connection, until } = makeConnection(ami.port);
  let answerLogin = () => {};
  const login = ami.answers.login!;
  ami.answers.login = (action, session) => {
    answerLogin = () => session.write(login(action, session)!);
    return null;
  };
  await fails(connection.action("Hangup", { Channel: "PJSIP/1-1" }), AmiNotUp); // not opened
  connection.open();
  await ami.heard("login");
  await fails(connection.action("Hangup", { Channel: "PJSIP/1-2" }), AmiNotUp); // not logged in
  answerLogin();
  await until("logged in");
  assert.equal((await connection.action("Hangup", { Channel: "PJSIP/1-3" })).message, "Channel Hungup");
  ami.session.socket.destroy();
  await until("lost");
  await fails(connection.action("Hangup", { Channel: "PJSIP/1-4" }), AmiNotUp); // over
  assert.doesNotMatch(ami.session.received, /PJSIP\/1-[124]/);
  await connection.close();
  await ami.stop();
});

Deno.test("AMI defect 2: an action on its way fails when the connection goes away, and says that it was sent", async () => {
  await withConnection(async ({ ami, connection, until }) => {
    ami.answers.hangup = () => null;
    const answer = connection.action("Hangup", { Channel: "PJSIP/1-1" }).catch((error: unknown) => error);
    await ami.heard("Hangup");
    ami.session.socket.destroy();
    const error = await withDeadline(answer);
    assert.ok(error instanceof AmiNotUp);
    assert.equal(error.sent, true);
    await until("lost");
  });
});

Deno.test("AMI defect 2: an action that nobody answers fails at its deadline, and a late answer is nothing", async () => {
  await withConnection(async ({ ami, connection, clock, counts, events }) => {
    ami.answers.hangup = () => null;
    const answer = connection.action("Hangup", { Channel: "PJSIP/1-1" }, { deadlineMs: 3000 });
    let settled = false;
    answer.catch(() => {}).finally(() => settled = true);
    const { id } = await ami.heard("Hangup");
    clock.pass(2999);
    await Promise.resolve();
    assert.equal(settled, false);
    clock.pass(1);
    await fails(answer, AmiTimeout);
    const dropped = counts.dropped;
    ami.session.send({ Response: "Success", ActionID: id, Message: "Channel Hungup" });
    await waitFor(() => counts.dropped === dropped + 1);
    assert.deepEqual(events.map(({ event }) => event), ["FullyBooted"]);
    assert.ok(ACTION_DEADLINE_MS <= 10_000);
  });
});

Deno.test("AMI defect 4: a wrong password is said", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const { connection, until, said } = makeConnection(ami.port, { secret: "wrong" });
  connection.open();
  await until("refused");
  assert.deepEqual(said, ["connected", "refused: the password or user is wrong"]);
  await connection.close();
  assert.equal(said.length, 2, "the end of it is no news");
  await ami.stop();
});

Deno.test("AMI defect 4: another refusal of the login is said in Asterisk's words", async () => {
  const ami = new FakeAmi();
  ami.answers.login = ({ id }) =>
    packet({ Response: "Error", ActionID: id, Message: "Login Already In Use" });
  await ami.start();
  const { connection, until } = makeConnection(ami.port);
  connection.open();
  assert.equal(await until("refused"), "refused: the login was refused: Login Already In Use");
  await connection.close();
  await ami.stop();
});

Deno.test("AMI defect 4: a password that would be more than a line is refused before anything is sent", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const { connection, said } = makeConnection(ami.port, { secret: "right\r\nEvents: off" });
  connection.open();
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^refused: .*"Secret".*CR, LF or NUL/);
  assert.doesNotMatch(said[0]!, /right/);
  await connection.close();
  assert.equal(ami.sessions.length, 0);
  await ami.stop();
});

Deno.test("AMI defect 5: repeated keys, variables and keys that are names of everything come out as text", async () => {
  await withConnection(async ({ ami, events }) => {
    ami.session.write(
      "Event: VarSet\r\nVariable: A=1\r\nVariable: B=2\r\nChanVariable: C=3,4\r\nX: one\r\nX: two\r\n" +
        "Empty: \r\n__proto__: p\r\nconstructor: q\r\nNo colon here\r\nTime: 10: 20: 30\r\n\r\n",
    );
    await waitFor(() => events.length === 2);
    const { event, variable, chanvariable, x, empty, time } = events[1]!;
    assert.deepEqual({ event, variable, chanvariable, x, empty, time }, {
      event: "VarSet",
      variable: "A=1",
      chanvariable: "C=3,4",
      x: "one",
      empty: "",
      time: "10: 20: 30",
    });
    assert.ok(Object.values(events[1]!).every((value) => typeof value === "string"));
  });
});

Deno.test("AMI connection: an event under a name of the library's own does nothing but arrive", async () => {
  await withConnection(async ({ ami, connection, events, said }) => {
    const names = ["close", "end", "error", "connect", "rawevent", "managerevent", "response"];
    ami.session.send(...names.map((Event) => ({ Event })));
    await waitFor(() => events.length === names.length + 1);
    assert.equal(said.length, 2);
    await connection.action("Ping");
  });
});

Deno.test("AMI connection: answers that nobody waits for, and what is neither event nor answer, are dropped and counted", async () => {
  await withConnection(async ({ ami, connection, events, counts }) => {
    ami.session.send(
      { Response: "Success", ActionID: "rawevent" },
      { Response: "Error", ActionID: "close", Message: "x" },
      { Response: "Success", Message: "no id" },
      { Foo: "bar" },
    );
    ami.session.write("\r\n\r\n"); // nothing at all is not counted
    await connection.action("Ping");
    assert.equal(counts.dropped, 4);
    assert.equal(events.length, 1);
  });
});

Deno.test("AMI connection: an event with a Response of its own is an event", async () => {
  await withConnection(async ({ ami, events }) => {
    ami.session.send({ Event: "OriginateResponse", ActionID: "another client's", Response: "Failure" });
    await waitFor(() => events.length === 2);
    assert.equal(events[1]!.response, "Failure");
  });
});

Deno.test("AMI connection: a list has its own items only, and live events between them go on", async () => {
  await withConnection(async ({ ami, connection, events }) => {
    ami.answers.coreshowchannels = ({ id }) => {
      const text = list(id, "CoreShowChannel", [{ Uniqueid: "1.1" }, { Uniqueid: "1.2" }]);
      const at = text.indexOf("Event: CoreShowChannel\r\n", text.indexOf("1.1"));
      return text.slice(0, at) + packet({ Event: "Newchannel", Uniqueid: "1.3" }) +
        packet({ Event: "CoreShowChannel", ActionID: "another's", Uniqueid: "9.9" }) + text.slice(at);
    };
    const items = await connection.list("CoreShowChannels");
    assert.deepEqual(items.map(({ uniqueid }) => uniqueid), ["1.1", "1.2"]);
    assert.deepEqual(events.slice(1).map(({ uniqueid }) => uniqueid), ["1.3", "9.9"]);
  });
});

Deno.test("AMI connection: an empty list is empty, a refused or broken one fails, and late items are no events", async () => {
  await withConnection(async ({ ami, connection, clock, events }) => {
    assert.deepEqual(await connection.list("CoreShowChannels"), []);
    await assert.rejects(connection.list("PJSIPShowContacts"), (error: unknown) => {
      assert.ok(error instanceof AmiRefused);
      assert.equal(error.reason, "No Contacts found");
      return true;
    });
    ami.answers.coreshowchannels = ({ id }) =>
      packet({ Response: "Success", ActionID: id, EventList: "start" }) +
      packet({ Event: "Whatever", ActionID: id, EventList: "Cancelled" });
    await fails(connection.list("CoreShowChannels"), AmiRefused);
    ami.answers.coreshowchannels = ({ id }) =>
      packet({ Response: "Success", ActionID: id, EventList: "start" });
    const unending = connection.list("CoreShowChannels", {}, { deadlineMs: 1000 });
    const { id } = await ami.heard("CoreShowChannels", 3);
    clock.pass(1000);
    await fails(unending, AmiTimeout);
    ami.session.send({ Event: "CoreShowChannel", ActionID: id, Uniqueid: "1.1" });
    await connection.action("Ping");
    assert.equal(events.length, 1);
  });
});

Deno.test("AMI connection: Asterisk's refusal is told with its words", async () => {
  await withConnection(async ({ connection }) => {
    await assert.rejects(connection.action("Redirect", { Channel: "x" }), {
      name: "AmiRefused",
      reason: "Invalid/unknown command: Redirect.",
    });
  });
});

Deno.test("AMI connection: packets cut at every byte, inside characters too, come out the same", async () => {
  const stream = new TextEncoder().encode(
    packet({ Event: "Newchannel", CallerIDName: "ООО Тестовая Компания", Uniqueid: "1.1" }) +
      packet({ Event: "Hangup", Uniqueid: "1.1", "Cause-txt": "Ünïcödé €" }),
  );
  await withConnection(async ({ ami, events }) => {
    ami.session.write(stream);
    await waitFor(() => events.length === 3);
    const whole = JSON.stringify(events.splice(1));
    assert.match(whole, /ООО Тестовая Компания.*Ünïcödé €/);
    ami.session.socket.setNoDelay(true);
    for (let cut = 1; cut < stream.length; cut++) {
      for (const piece of [stream.subarray(0, cut), stream.subarray(cut)]) {
        ami.session.write(piece);
        await new Promise((resolve) => setImmediate(resolve)); // so that it leaves by itself
      }
    }
    await waitFor(() => events.length === 1 + 2 * (stream.length - 1));
    for (let at = 1; at < events.length; at += 2) {
      assert.equal(JSON.stringify(events.slice(at, at + 2)), whole);
    }
  });
});

Deno.test("AMI connection: one byte at a time is as good as all at once", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const proxy = await startTcpProxy({ target: ami.port });
  const { connection, events, until } = makeConnection(proxy.port);
  connection.open();
  await until("logged in");
  proxy.slice(1);
  ami.session.send({ Event: "Newchannel", CallerIDName: "ООО Тестовая Компания" });
  await waitFor(() => events.length === 2);
  assert.equal(events[1]!.calleridname, "ООО Тестовая Компания");
  await connection.close();
  await proxy.stop();
  await ami.stop();
});

Deno.test("row 9: who has so much to say that the answer to a ping waits for its turn is there", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const { connection, clock, until, said, events } = makeConnection(ami.port);
  connection.open();
  await until("logged in");
  await connection.action("CoreStatus"); // the timer of pings runs
  let pings = 0;
  ami.answers.ping = () => {
    pings++;
    return null;
  };
  for (let round = 1; round <= 3; round++) {
    clock.pass(PING_EVERY_MS);
    await waitFor(() => pings === round, { what: "the ping" });
    ami.session.send({ Event: "Newexten", Round: `${round}` });
    await waitFor(() => events.some((event) => event.round === `${round}`), { what: "the event" });
    clock.pass(PING_DEADLINE_MS);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
  assert.equal(said.some((one) => one.startsWith("lost")), false);
  // Then it says nothing any more.
  clock.pass(PING_EVERY_MS + PING_DEADLINE_MS);
  assert.match(await until("lost"), /Asterisk did not answer Ping within 5000 ms/);
  await connection.close();
  await ami.stop();
});

Deno.test("row 9: a half-open connection is noticed within ten seconds", async () => {
  assert.ok(PING_EVERY_MS + PING_DEADLINE_MS <= 10_000);
  const ami = new FakeAmi();
  await ami.start();
  const proxy = await startTcpProxy({ target: ami.port });
  const { connection, clock, until, said } = makeConnection(proxy.port);
  connection.open();
  await until("logged in");
  proxy.blackHole();
  clock.pass(9999);
  await Promise.resolve();
  assert.equal(said.length, 2);
  clock.pass(1);
  assert.match(await until("lost"), /Asterisk did not answer Ping within 5000 ms/);
  await withDeadline(connection.close(), { what: "the end of a half-open socket" });
  await proxy.stop();
  await ami.stop();
});

Deno.test("AMI connection: a port where nobody listens, and one that is none, are told", async () => {
  const ami = new FakeAmi();
  await ami.start();
  await ami.stop();
  for (const [port, expected] of [[ami.port, /ECONNREFUSED|refused/i], [70_000, /port|range/i]] as const) {
    const { connection, until } = makeConnection(port);
    connection.open();
    assert.match(await until("lost"), expected);
    await connection.close();
  }
});

Deno.test("AMI connection: can be closed at any moment, and says nothing after that", async () => {
  const ami = new FakeAmi();
  await ami.start();
  for (const moment of ["", "connected", "logged in"]) {
    const { connection, until, said } = makeConnection(ami.port);
    connection.open();
    if (moment !== "") await until(moment);
    const before = said.length;
    await withDeadline(connection.close());
    assert.equal(said.length, before);
  }
  const { connection } = makeConnection(ami.port);
  await connection.close(); // never opened
  await ami.stop();
});
