/**
 * @module
 * Links to Asterisk as they run, over real sockets and a clock that is moved by hand: what the sink is told and in which
 * order, what is shown, and what happens when any step fails.
 */
import assert from "node:assert/strict";
import { PING_DEADLINE_MS, PING_EVERY_MS } from "../../../actors/ami/connection.ts";
import { AmiNotUp, AmiRefused, AmiUnsafeValue } from "../../../actors/ami/packet.ts";
import { AMI_BACKOFF_MS, AMI_DEADLINES_MS, AMI_REFUSED_RETRY_MS } from "../../../machines/ami_link.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import { waitFor } from "../../support/wait.ts";
import { error, FakeAmi, FULLY_BOOTED, list, packet } from "./fake_ami.ts";
import { makeLinks, serverAt, type Told, withLink } from "./ground.ts";

function words(told: Told[]): string[] {
  return told.map((one) =>
    one.what === "event"
      ? `event ${one.packet.uniqueid}`
      : one.what === "synced"
      ? `synced ${one.snapshot.buffered.map(({ packet }) => packet.uniqueid).join(",")}`
      : "down"
  );
}

const SECOND_MS = 1000;

Deno.test("AMI link: what is there comes first, then what came meanwhile, then what comes", async () => {
  await withLink(async ({ fake, told, links, phase, clock }) => {
    await phase("up");
    fake.session.send({ Event: "Hangup", Uniqueid: "1.9" });
    await waitFor(() => told.length === 2);
    assert.deepEqual(words(told), ["synced 1.1,1.2", "event 1.9"]);
    const [first] = told;
    assert.ok(first?.what === "synced");
    assert.equal(first.pbx, "pbx");
    assert.deepEqual(first.snapshot.channels.map(({ uniqueid }) => uniqueid), ["1.5"]);
    assert.deepEqual(first.snapshot.endpoints!.map(({ objectname }) => objectname), ["777-ep"]);
    assert.deepEqual(first.snapshot.contacts, []);
    assert.match(first.snapshot.epoch, /^2026-01-02 03:04:05 boot \d+$/);
    assert.equal(first.snapshot.bootedAt, clock.now() - 100 * SECOND_MS);
    assert.deepEqual(links.get("asterisk"), {
      id: "asterisk",
      state: "up",
      phase: "up",
      warning: null,
      since: new Date(clock.now()).toISOString(),
      last_error: null,
      target: `ami://127.0.0.1:${fake.port}/pbx`,
    });
  }, {
    before: (fake) => {
      const { login } = fake.answers;
      fake.answers.login = (action, session) =>
        login!(action, session) + packet({ Event: "Newchannel", Uniqueid: "1.1" });
      fake.answers.coreshowchannels = ({ id }) =>
        packet({ Event: "Newchannel", Uniqueid: "1.2" }) + list(id, "CoreShowChannel", [{ Uniqueid: "1.5" }]);
    },
  });
});

Deno.test("AMI link: its steps are shown as they are taken, each once", async () => {
  await withLink(async ({ feed, phase }) => {
    await phase("up");
    assert.deepEqual(feed.published.map(({ data }) => `${data.state} ${data.phase}`), [
      "connecting connecting",
      "connecting logging_in",
      "connecting syncing",
      "up up",
    ]);
  });
});

Deno.test("AMI link: of an Asterisk that is still booting nothing is asked before it has booted", async () => {
  await withLink(async ({ fake, told, phase }) => {
    await phase("syncing");
    fake.session.send({ Event: "Newchannel", Uniqueid: "1.1" });
    await fake.heard("Events");
    assert.deepEqual(fake.session.asked, []);
    fake.session.send(FULLY_BOOTED);
    await phase("up");
    assert.deepEqual(words(told), ["synced 1.1"]);
  }, { before: (fake) => fake.booted = false });
});

Deno.test("AMI link: FullyBooted on a live connection has everything asked again, and events wait for it", async () => {
  await withLink(async ({ fake, told, phase, ami, links }) => {
    await phase("up");
    const { coreshowchannels } = fake.answers;
    let release = () => {};
    fake.answers.coreshowchannels = (action, session) => {
      release = () => session.write(coreshowchannels!(action, session)!);
      return null;
    };
    fake.session.send(FULLY_BOOTED);
    await fake.heard("CoreShowChannels", 2);
    assert.equal(links.get("asterisk")!.state, "up");
    assert.equal(links.get("asterisk")!.phase, "up");
    fake.session.send({ Event: "Newchannel", Uniqueid: "1.7" });
    await ami.action("pbx", "Hangup", { Channel: "PJSIP/1-1" }); // it is up all the while
    assert.deepEqual(words(told), ["synced "]);
    release();
    await waitFor(() => words(told).length > 1);
    assert.deepEqual(words(told), ["synced ", "synced 1.7"]);
  });
});

Deno.test("row 7: a cut link is down once, comes back by itself, and is told anew what is there", async () => {
  await withLink(async ({ fake, told, phase, clock, links }) => {
    await phase("up");
    const { port } = fake;
    await fake.stop();
    await phase("backing_off");
    assert.equal(links.get("asterisk")!.state, "down");
    assert.deepEqual(words(told), ["synced ", "down"]);
    // Nobody listens for a while: longer and longer waits, and no more news for the sink.
    for (const ms of [AMI_BACKOFF_MS.first, 2 * AMI_BACKOFF_MS.first]) {
      clock.pass(ms);
      await phase("backing_off");
      await waitFor(() => /ECONNREFUSED|refused/i.test(links.get("asterisk")!.last_error!));
    }
    fake.channels = [{ Uniqueid: "2.1" }];
    await fake.start();
    assert.equal(fake.port, port);
    clock.pass(4 * AMI_BACKOFF_MS.first);
    await phase("up");
    const last = told.at(-1)!;
    assert.ok(last.what === "synced");
    assert.deepEqual(last.snapshot.channels.map(({ uniqueid }) => uniqueid), ["2.1"]);
    assert.deepEqual(words(told), ["synced ", "down", "synced "]);
  });
});

Deno.test("row 8: the same run of Asterisk is known again, and another one is not taken for it", async () => {
  await withLink(async ({ fake, told, phase, clock }) => {
    await phase("up");
    for (const time of ["03:04:05", "03:09:00"]) {
      fake.startupTime = time;
      fake.session.socket.destroy();
      await phase("backing_off");
      clock.pass(AMI_BACKOFF_MS.first);
      await phase("up");
    }
    const epochs = told.flatMap((one) => one.what === "synced" ? [one.snapshot.epoch] : []);
    const names = epochs.map((epoch) => epoch.replace(/ boot \d+$/, ""));
    assert.deepEqual(names, ["2026-01-02 03:04:05", "2026-01-02 03:04:05", "2026-01-02 03:09:00"]);
    assert.equal(epochs[0], epochs[1]);
  });
});

Deno.test("row 9: a half-open link is given up within ten seconds, and another connection is made", async () => {
  const fake = new FakeAmi();
  await fake.start();
  const proxy = await startTcpProxy({ target: fake.port });
  const { ami, clock, phase, told, links } = makeLinks([serverAt(proxy.port)]);
  ami.start();
  await phase("up");
  proxy.blackHole();
  clock.pass(PING_EVERY_MS + PING_DEADLINE_MS);
  await phase("backing_off");
  assert.deepEqual(words(told), ["synced ", "down"]);
  assert.match(links.get("asterisk")!.last_error!, /did not answer Ping/);
  await proxy.heal();
  clock.pass(AMI_BACKOFF_MS.first);
  await phase("up");
  assert.deepEqual(words(told), ["synced ", "down", "synced "]);
  await ami.stop();
  links.stop();
  await proxy.stop();
  await fake.stop();
});

Deno.test("AMI link: one that is lost before the lists are complete was never up, for the sink", async () => {
  await withLink(async ({ fake, told, phase, links, clock }) => {
    await fake.heard("CoreShowChannels");
    fake.session.socket.destroy();
    await phase("backing_off");
    assert.deepEqual(told, []);
    assert.equal(links.get("asterisk")!.state, "down");
    fake.answers.coreshowchannels = ({ id }) => list(id, "CoreShowChannel", []);
    clock.pass(AMI_BACKOFF_MS.first);
    await phase("up");
    assert.deepEqual(words(told), ["synced "]);
  }, { before: (fake) => fake.answers.coreshowchannels = () => null });
});

Deno.test("AMI link: lists that do not end are given up, and asked for by a new connection", async () => {
  await withLink(async ({ fake, told, phase, links, clock, counts }) => {
    await fake.heard("CoreShowChannels");
    // Pings are answered: only the list is missing.
    for (let pings = 1; pings * PING_EVERY_MS < AMI_DEADLINES_MS.sync; pings++) {
      clock.pass(PING_EVERY_MS);
      await fake.heard("Ping", pings);
      fake.session.send({ Neither: "nor" }); // follows the answer
      await waitFor(() => counts.dropped === pings);
    }
    await phase("syncing");
    clock.pass(PING_EVERY_MS);
    await phase("backing_off");
    assert.match(links.get("asterisk")!.last_error!, /no end of the lists within 30 s/);
    assert.deepEqual(told, []);
  }, { before: (fake) => fake.answers.coreshowchannels = () => null });
});

Deno.test("AMI link: more events than may wait for a sync begin the connection anew", async () => {
  await withLink(async ({ fake, told, phase, links }) => {
    await fake.heard("CoreShowChannels");
    fake.session.send(...Array.from({ length: 50 }, (_, i) => ({ Event: "Newstate", Uniqueid: `1.${i}` })));
    await phase("syncing");
    fake.session.send({ Event: "Newstate", Uniqueid: "2.1" });
    await phase("backing_off");
    assert.match(links.get("asterisk")!.last_error!, /more than 50 events came before/);
    assert.deepEqual(told, []);
  }, { maxBuffered: 50, before: (fake) => fake.answers.coreshowchannels = () => null });
});

Deno.test("AMI link: a wrong password is shown, and tried again slowly", async () => {
  await withLink(async ({ fake, phase, links, clock, logged, feed }) => {
    await phase("refused");
    assert.equal(links.get("asterisk")!.last_error, "the password or user is wrong");
    assert.equal(links.get("asterisk")!.state, "down");
    clock.pass(AMI_REFUSED_RETRY_MS - 1);
    assert.equal(fake.sessions.length, 1);
    clock.pass(1);
    await waitFor(() => fake.sessions.length === 2);
    await phase("refused");
    const { login } = fake.answers;
    fake.answers.login = (action, session) => login!({ ...action, headers: [["Secret", "right"]] }, session); // somebody mended the account
    clock.pass(AMI_REFUSED_RETRY_MS);
    await phase("up");
    assert.doesNotMatch(JSON.stringify([logged, feed.published, links.list()]), /canary/);
  }, { server: { secret: "canary" } });
});

Deno.test("AMI link: an account that may not list channels is refused in words that help", async () => {
  await withLink(async ({ phase, links, told }) => {
    await phase("refused");
    assert.match(links.get("asterisk")!.last_error!, /needs write = call,system/);
    assert.deepEqual(told, []);
  }, { before: (fake) => fake.answers.coreshowchannels = ({ id }) => error(id, "Permission denied") });
});

Deno.test("row 19: an account with more rights than needed is warned about, until it is mended", async () => {
  const listed = (priv: string) => ({ id }: { id: string }) =>
    packet({
      Response: "Success",
      ActionID: id,
      Hangup: "Hangup channel.  (Priv: call,all)",
      Originate: `Originate a call.  (Priv: ${priv})`,
    });
  await withLink(async ({ fake, phase, links, logged, clock }) => {
    await phase("up");
    assert.match(links.get("asterisk")!.warning!, /take originate from its write/);
    assert.equal(links.get("asterisk")!.state, "up");
    assert.equal(logged.filter(({ warning }) => warning !== undefined).length, 1);
    fake.answers.listcommands = listed("call,all");
    fake.session.socket.destroy();
    await phase("backing_off");
    clock.pass(AMI_BACKOFF_MS.first);
    await phase("up");
    assert.equal(links.get("asterisk")!.warning, null);
  }, { before: (fake) => fake.answers.listcommands = listed("originate,all") });
});

Deno.test("AMI link: what the sink throws is logged, and the link goes on", async () => {
  const heard: string[] = [];
  const broken = (what: string) => {
    heard.push(what);
    throw new Error("the sink is broken");
  };
  await withLink(async ({ fake, phase, clock, logged, counts }) => {
    await phase("up");
    fake.session.send({ Event: "Newchannel" }, { Event: "Hangup" }, { Neither: "nor" });
    await waitFor(() => counts.dropped === 1);
    fake.session.socket.destroy();
    await phase("backing_off");
    clock.pass(AMI_BACKOFF_MS.first);
    await phase("up");
    assert.deepEqual(heard, ["synced", "Newchannel", "Hangup", "down", "synced"]);
    assert.equal(logged.filter(({ what }) => what !== undefined).length, 5);
  }, {
    sink: {
      event: (_pbx, packet) => broken(packet.event!),
      synced: () => broken("synced"),
      down: () => broken("down"),
    },
  });
});

Deno.test("AMI links: an action goes to its server, and to none that is not up", async () => {
  await withLink(async ({ fake, phase, ami }) => {
    const hangup = (pbx: string) => ami.action(pbx, "Hangup", { Channel: "PJSIP/777-ep-1", Cause: "21" });
    await assert.rejects(hangup("pbx"), AmiNotUp);
    await phase("up");
    assert.equal((await hangup("pbx")).message, "Channel Hungup");
    await assert.rejects(hangup("nobody"), AmiNotUp);
    await assert.rejects(ami.action("pbx", "Hangup", { Channel: "/x/" }), AmiUnsafeValue);
    fake.answers.hangup = ({ id }) => error(id, "No such channel");
    await assert.rejects(hangup("pbx"), AmiRefused);
    fake.session.socket.destroy();
    await phase("backing_off");
    await assert.rejects(hangup("pbx"), AmiNotUp);
    assert.equal(fake.sessions[0]!.actions.filter(({ name }) => name === "Hangup").length, 2);
  });
});

Deno.test("AMI links: several servers are links of their own, and one that is down is down alone", async () => {
  const [one, two] = [new FakeAmi(), new FakeAmi()];
  await one.start();
  await two.start();
  const servers = [serverAt(one.port, { name: "main" }), serverAt(two.port, { name: "spare" })];
  const { ami, links, phase, told } = makeLinks(servers);
  ami.start();
  await phase("up", "asterisk:main");
  await phase("up", "asterisk:spare");
  await two.stop();
  await phase("backing_off", "asterisk:spare");
  assert.deepEqual(told.flatMap((one) => one.what === "down" ? [one.pbx] : []), ["spare"]);
  assert.equal(links.isUp("asterisk:main"), true);
  await ami.action("main", "Hangup", { Channel: "PJSIP/1-1" });
  await ami.stop();
  links.stop();
  await one.stop();
  assert.throws(() => makeLinks([servers[0]!, servers[0]!]), /name "main"/);
});

Deno.test("AMI links: can be stopped at every step, and tell the sink nothing of it", async () => {
  for (const step of ["connecting", "logging_in", "syncing", "up", "backing_off", "refused"]) {
    const fake = new FakeAmi();
    await fake.start();
    if (step === "logging_in") fake.answers.login = () => null;
    if (step === "syncing") fake.answers.coreshowchannels = () => null;
    if (step === "backing_off") fake.answers.login = (_action, session) => (session.socket.destroy(), null);
    const secret = step === "refused" ? "wrong" : "right";
    const { ami, phase, told, clock, links } = makeLinks([serverAt(fake.port, { secret })]);
    ami.start();
    await phase(step);
    await ami.stop();
    assert.ok(told.every(({ what }) => what !== "down"));
    assert.equal(clock.sim.live, 0, `timers after a stop in ${step}`);
    links.stop();
    await fake.stop();
  }
});
