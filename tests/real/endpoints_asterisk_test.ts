/**
 * @module
 * Endpoints of a real Asterisk: phones that register, leave, vanish and come twice, lines that are not asked or do not
 * answer, calls that show at both ends, and what is said of all of them while AMI is cut off or Asterisk is dead.
 */
import assert from "node:assert/strict";
import type { EndpointStatus, EndpointView } from "../../machines/endpoint_views.ts";
import { ASTERISK_VERSIONS } from "../support/asterisk_chroot.ts";
import { sideBySide } from "../support/call_ground.ts";
import { CANARY, type EndpointGround, endpointTest, PECULIAR, wordsOf } from "../support/endpoint_ground.ts";
import { waitFor } from "../support/wait.ts";

/** What Asterisk says of a phone is shown within a second. */
const SHOWN_WITHIN_MS = 1_000;
/** How long after the link is back an endpoint may still be wrong. */
const RIGHT_WITHIN_MS = 2_000;

const isOnline = ({ status }: EndpointView) => status === "online";
const isOffline = ({ status }: EndpointView) => status === "offline";
const uris = ({ contacts }: EndpointView) => contacts.map(({ uri }) => uri).sort();

/** Waits for the word of Asterisk itself, and then, for a second at most, for the stream to say what it means. */
async function toldOf(
  { ami, stream }: EndpointGround,
  name: string,
  word: string,
  status: EndpointStatus,
  from: { packet: number; message: number },
): Promise<void> {
  await ami.hear(
    `${word} of ${name}`,
    (packet) =>
      ami.packets.indexOf(packet) >= from.packet && packet.get("ContactStatus") === word &&
      packet.get("EndpointName") === name,
  );
  await stream.waitForEvent(
    "endpoint.changed",
    ({ data }) => data.name === name && data.status === status,
    { from: from.message, timeoutMs: SHOWN_WITHIN_MS },
  );
}

function nowOf({ ami, stream }: EndpointGround): { packet: number; message: number } {
  return { packet: ami.packets.length, message: stream.messages.length };
}

/** A phone comes, leaves, comes again and vanishes; its history says so. */
async function comesAndGoes(ground: EndpointGround): Promise<void> {
  const before = await ground.shows("150-ep", "absence", isOffline);
  assert.deepEqual([before.status_reason, before.display_name, before.contacts], ["no_contact", "150", []]);
  let from = nowOf(ground);
  const [phone] = await Promise.all([
    ground.another("150"),
    toldOf(ground, "150-ep", "Reachable", "online", from),
  ]);
  // A list says what events do not.
  const here = await ground.shows(
    "150-ep",
    "all of a contact",
    ({ contacts }) => contacts[0]?.expires_at != null && contacts[0].roundtrip_ms !== null,
  );
  const [contact] = here.contacts;
  assert.deepEqual([here.status_reason, here.aors, contact!.uri, contact!.aor, contact!.usable], [
    null,
    ["150"],
    `sip:150@127.0.0.1:${phone.port}`,
    "150",
    true,
  ]);
  assert.match(contact!.address!, /^127\.0\.0\.1:\d+$/);
  assert.ok(contact!.roundtrip_ms! > 0 && contact!.roundtrip_ms! < 1000, `${contact!.roundtrip_ms} ms`);
  const leftMs = Date.parse(contact!.expires_at!) - Date.now();
  assert.ok(leftMs > 250_000 && leftMs < 310_000, `expires in ${leftMs} ms`);

  from = nowOf(ground);
  await Promise.all([phone.unregister(), toldOf(ground, "150-ep", "Removed", "offline", from)]);
  const gone = await ground.endpoint("150-ep");
  assert.deepEqual([gone.status_reason, gone.contacts], ["no_contact", []]);
  assert.ok(Date.parse(gone.last_online_at!) >= Date.parse(here.status_since));

  await phone.register();
  await ground.shows("150-ep", "return", isOnline);
  from = nowOf(ground);
  await phone.stop();
  await toldOf(ground, "150-ep", "Unreachable", "offline", from);
  const lost = await ground.endpoint("150-ep");
  assert.deepEqual([lost.status_reason, lost.contacts.map(({ status, usable }) => [status, usable])], [
    "unreachable",
    [["unreachable", false]],
  ]);
  const { items, availability: { day } } = await waitFor(async () => {
    const history = await ground.history("150-ep");
    return history.items.length >= 5 && history;
  }, { what: "the history of 150-ep" });
  assert.deepEqual(items.slice(0, 5).map(({ status, reason }) => [status, reason]), [
    ["offline", "unreachable"],
    ["online", null],
    ["offline", "no_contact"],
    ["online", null],
    ["offline", "no_contact"],
  ]);
  for (const [index, { until }] of items.entries()) assert.equal(until, items[index - 1]?.at ?? null);
  assert.ok(day.online_s > 0 && day.offline_s > 0 && day.ratio! > 0 && day.ratio! < 1, JSON.stringify(day));
}

/** Of two contacts one stays when the other goes. */
async function twice(ground: EndpointGround): Promise<void> {
  const name = `${PECULIAR.two}-ep`;
  const [one, other] = [await ground.another(PECULIAR.two), await ground.another(PECULIAR.two)];
  const contactOf = ({ port }: { port: number }) => `sip:${PECULIAR.two}@127.0.0.1:${port}`;
  const both = await ground.shows(
    name,
    "two contacts",
    ({ contacts }) => contacts.filter(({ usable }) => usable).length === 2,
  );
  assert.deepEqual(uris(both), [contactOf(one), contactOf(other)].sort());
  await one.stop();
  const half = await ground.shows(
    name,
    "one contact that is lost",
    ({ contacts }) => contacts.some(({ status }) => status === "unreachable"),
  );
  assert.deepEqual([half.status, half.status_since], ["online", both.status_since]);
  await other.unregister();
  const none = await ground.shows(name, "no usable contact", isOffline);
  assert.deepEqual([none.status_reason, uris(none)], ["unreachable", [contactOf(one)]]);
}

/** Where Asterisk does not ask, to be registered is to be there. */
async function unasked(ground: EndpointGround): Promise<void> {
  const name = `${PECULIAR.unasked}-ep`;
  const from = nowOf(ground);
  const [phone] = await Promise.all([
    ground.another(PECULIAR.unasked, { asked: false }),
    toldOf(ground, name, "NonQualified", "online", from),
  ]);
  const { contacts: [contact] } = await ground.endpoint(name);
  assert.deepEqual([contact!.status, contact!.usable, contact!.roundtrip_ms], ["non_qualified", true, null]);
  await phone.unregister();
  await ground.shows(name, "absence", isOffline);
}

/** What has no phone behind it: an outside line that is not asked, one that is and is dead, and one with no AOR. */
async function lines(ground: EndpointGround): Promise<void> {
  // What its endpoint's device lets presume is shown until it has been asked for.
  const trunk = await ground.shows(
    "trunk-ep",
    "presence",
    (view) => isOnline(view) && view.contacts[0]?.status !== "reachable",
  );
  assert.deepEqual(trunk.contacts.map(({ status, usable, expires_at }) => [status, usable, expires_at]), [
    ["non_qualified", true, null],
  ]);
  const dead = await ground.shows(PECULIAR.dead, "absence", isOffline);
  assert.deepEqual([dead.status_reason, uris(dead)], ["unreachable", ["sip:127.0.0.2:9"]]);
  const nowhere = await ground.endpoint(PECULIAR.nowhere);
  assert.deepEqual([nowhere.status, nowhere.status_reason], ["unknown", "no_aor"]);
  const absent = await ground.admin.api("GET", "/api/endpoints/no-such-ep");
  assert.deepEqual([absent.status, absent.body.type], [404, "/problems/not-found"]);
}

/** A phone that is asked every ten minutes is found to be gone when somebody looks. */
async function refreshed(ground: EndpointGround): Promise<void> {
  const name = `${PECULIAR.seldom}-ep`;
  const phone = await ground.another(PECULIAR.seldom);
  await ground.shows(name, "presence", isOnline);
  const refresh = () => ground.admin.api("POST", `/api/endpoints/${name}/refresh`);
  const asked = await refresh();
  assert.deepEqual([asked.status, asked.body.status], [200, "online"], JSON.stringify(asked.body));
  await phone.stop();
  assert.equal((await ground.endpoint(name)).status, "online", "nobody has asked it");
  const again = await refresh();
  assert.equal(again.status, 200, JSON.stringify(again.body));
  const gone = await ground.shows(name, "absence", isOffline);
  assert.equal(gone.status_reason, "unreachable");
  const nobody = await ground.admin.api("POST", `/api/endpoints/${PECULIAR.nowhere}/refresh`);
  assert.deepEqual([nobody.status, nobody.body.status_reason, nobody.body.auths], [200, "no_aor", [
    "canary",
  ]]);
  assert.doesNotMatch(JSON.stringify(nobody.body), new RegExp(CANARY));
}

/** What is new in the configuration is there, and what is no more there is gone, as soon as Asterisk has read it. */
async function reconfigured(ground: EndpointGround): Promise<void> {
  const path = `${ground.asterisk.dir}/etc/pjsip.conf`;
  const before = await Deno.readTextFile(path);
  const reload = async (text: string) => {
    await Deno.writeTextFile(path, text);
    await ground.asterisk.cli("module reload res_pjsip.so");
  };
  const statusOf = async () => (await ground.admin.api("GET", "/api/endpoints/299-ep")).status;
  assert.equal(await statusOf(), 404);
  await reload(`${before}\n[299]\ntype = aor\nmax_contacts = 1\n[299-ep]\ntype = endpoint\naors = 299\n`);
  await waitFor(async () => await statusOf() === 200, { what: "a new endpoint" });
  assert.equal((await ground.endpoint("299-ep")).status_reason, "no_contact");
  await reload(before);
  await ground.stream.waitForEvent("endpoint.removed", ({ data }) => data.name === "299-ep");
  assert.equal(await statusOf(), 404);
}

/** A call shows at both ends, with whom and since when, and leaves nothing behind. */
async function called(ground: EndpointGround): Promise<void> {
  await Promise.all([
    ground.phone("777", { does: "rings" }),
    ground.phone("888", { does: "answers", ringMs: 1500 }),
  ]);
  const call = await ground.call({ from: "777", to: "888", talkMs: 2000 });
  const inCall = async (name: string, state: string, number: string, direction: string) => {
    const { active_calls: [active, ...more], updated_at } = await ground.shows(
      name,
      `a call that is ${state}`,
      ({ active_calls }) => active_calls[0]?.state === state,
    );
    assert.deepEqual([active!.number, active!.direction, more], [number, direction, []]);
    const agoMs = Date.now() - Date.parse(active!.since);
    assert.ok(agoMs > -1_000 && agoMs < 4_000, `${state} since ${active!.since}`);
    assert.match(active!.channel, new RegExp(`^PJSIP/${name}-`));
    assert.ok(Date.parse(updated_at) >= Date.parse(active!.since) - 1_000);
    return active!;
  };
  const ringing = await inCall("888-ep", "ringing", "777", "in");
  const [caller, callee] = await Promise.all([
    inCall("777-ep", "talking", "888", "out"),
    inCall("888-ep", "talking", "777", "in"),
  ]);
  assert.deepEqual([caller.call_id, callee.call_id], [ringing.call_id, ringing.call_id]);
  const busy = await ground.shows("888-ep", "use", ({ device_state }) => device_state === "INUSE");
  assert.deepEqual([busy.status, busy.owner?.id], ["online", ground.petr.userId]);
  await call.end();
  for (const name of ["777-ep", "888-ep"]) {
    await ground.shows(name, "no call", ({ active_calls }) => active_calls.length === 0);
  }
  await ground.shows("888-ep", "rest", ({ device_state }) => device_state === "NOT_INUSE");
}

/** All endpoints, as the list has them. */
async function everything(ground: EndpointGround): Promise<EndpointView[]> {
  const { status, body } = await ground.admin.api("GET", "/api/endpoints?limit=200");
  assert.equal(status, 200, JSON.stringify(body));
  return body.items;
}

/** Nothing is known while the link is down. */
async function allUnknown(ground: EndpointGround): Promise<void> {
  await waitFor(async () => {
    const known = (await everything(ground)).filter(({ status }) => status !== "unknown");
    if (known.length > 0) throw new Error(known.map((one) => `${one.name} ${wordsOf(one)}`).join("; "));
    return true;
  }, { what: "that nothing is known" });
  const cut = await ground.endpoint("888-ep");
  assert.deepEqual([cut.status_reason, cut.active_calls], ["link_down", []]);
}

/** What changed while AMI was cut off is known when it is back, and what did not is as it was. */
async function cutOff(ground: EndpointGround): Promise<void> {
  const before = await ground.shows("888-ep", "presence", isOnline);
  const leaving = await ground.another("151");
  await ground.shows("151-ep", "presence", isOnline);
  await ground.line.down();
  await allUnknown(ground);
  const refused = await ground.admin.api("POST", "/api/endpoints/888-ep/refresh");
  assert.deepEqual([refused.status, refused.body.type], [503, "/problems/link-down"]);
  await leaving.unregister();
  // An Asterisk that is killed forgets what it heard last, and would find it there.
  await leaving.stop();
  await ground.another("152");
  await ground.line.up();
  await ground.linkUp();
  const [still, gone] = await Promise.all([
    ground.shows("888-ep", "presence", isOnline, { timeoutMs: RIGHT_WITHIN_MS }),
    ground.shows("151-ep", "absence", isOffline, { timeoutMs: RIGHT_WITHIN_MS }),
    ground.shows("152-ep", "presence", isOnline, { timeoutMs: RIGHT_WITHIN_MS }),
    ground.shows(PECULIAR.dead, "absence", isOffline, { timeoutMs: RIGHT_WITHIN_MS }),
  ]);
  assert.deepEqual([still.status_since, gone.status_reason], [before.status_since, "no_contact"]);
}

/** An Asterisk that was killed remembers registrations, and has to ask again who is there. */
async function killed(ground: EndpointGround): Promise<void> {
  await ground.asterisk.kill();
  await allUnknown(ground);
  await ground.asterisk.start();
  await ground.linkUp();
  await Promise.all([
    ground.shows("888-ep", "presence", isOnline),
    ground.shows("trunk-ep", "presence", isOnline),
    // Its phone was stopped before, and its contact is remembered.
    ground.shows("150-ep", "absence", isOffline),
    ground.shows("151-ep", "absence", isOffline),
    ground.shows(PECULIAR.dead, "absence", isOffline),
  ]);
  const { items } = await ground.history("888-ep");
  assert.equal(items.some(({ status }) => status === "offline" || status === "unknown"), true);
}

for (const version of ASTERISK_VERSIONS) {
  endpointTest(
    version,
    "phones come, go, talk and vanish, and a dead link is no news of them",
    async (ground) => {
      await ground.linkUp();
      await sideBySide({
        "comes and goes": () => comesAndGoes(ground),
        "two contacts": () => twice(ground),
        "not asked": () => unasked(ground),
        "lines": () => lines(ground),
        "refresh": () => refreshed(ground),
        "configuration": () => reconfigured(ground),
        "call": () => called(ground),
      });
      await cutOff(ground);
      await killed(ground);
      assert.deepEqual(ground.service.stderr().filter((line) => /"level":(50|60)/.test(line)), []);
      assert.equal(await ground.metric("doorline_actors_quarantined"), 0);
    },
  );
}
