/**
 * @module
 * Random histories of calls: a few channels and bridges, few moments so that many events meet, and everything that an
 * event can say. Most of them no PBX would tell; what is learned from them is sets all the same.
 */
import fc from "fast-check";
import type { CallActor, CallEvent, ChannelSeen } from "../../machines/call_events.ts";

const IDS = ["100.1", "100.2", "100.3", "100.4", "100.5"];
const NAMES = [
  "PJSIP/trunk-ep-00000001",
  "PJSIP/777-ep-00000002",
  "PJSIP/888-ep-00000003",
  "Local/777@internal-00000001;1",
  "Local/777@internal-00000001;2",
];
const IVAN: CallActor = { userId: 1, name: "Ivan Ivanov", number: "777" };

const at = fc.nat(30);
const bridge = fc.constantFrom("b1", "b2");
const orNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null, freq: 3 });

const channel: fc.Arbitrary<ChannelSeen> = fc.record({
  index: fc.nat(IDS.length - 1),
  linked: fc.nat(1),
  renamed: fc.constantFrom("", "", "", "", "<MASQ>", "x"),
  state: orNull(fc.constantFrom(0, 4, 5, 6)),
  callerNumber: orNull(fc.constantFrom("74951234567", "777", "888")),
  callerName: orNull(fc.constantFrom("A", "B")),
  exten: orNull(fc.constantFrom("777", "700", "s", "")),
  context: orNull(fc.constantFrom("internal", "from-trunk")),
}).map(({ index, linked, renamed, ...seen }) => ({
  ...seen,
  uniqueid: IDS[index]!,
  linkedid: IDS[linked]!,
  name: `${NAMES[index]!}${renamed}`,
}));

const by = fc.constantFrom(IVAN, { ...IVAN, userId: 2, number: "888" });
const cause = orNull(fc.constantFrom(0, 16, 17, 21, 26));

/** What a PBX or a page says. */
export const said: fc.Arbitrary<CallEvent> = fc.oneof<fc.Arbitrary<CallEvent>[]>(
  fc.record({ type: fc.constant("channel.seen"), at, channel, created: fc.boolean() }),
  fc.record({ type: fc.constant("channel.answered"), at, channel }),
  fc.record({ type: fc.constant("channel.hangup_requested"), at, channel, cause }),
  fc.record({ type: fc.constant("channel.hungup"), at, channel, cause }),
  fc.record({
    type: fc.constant("dial.began"),
    at,
    from: orNull(channel),
    to: channel,
  }),
  fc.record({ type: fc.constant("dial.rang"), at, from: orNull(channel), to: channel }),
  fc.record({
    type: fc.constant("dial.ended"),
    at,
    from: orNull(channel),
    to: channel,
    status: fc.constantFrom("ANSWER", "BUSY", "CANCEL", "NOANSWER", "CHANUNAVAIL"),
  }),
  fc.record({
    type: fc.constant("bridge.entered"),
    at,
    channel,
    bridge,
    room: fc.constant("talk"),
  }),
  fc.record({
    type: fc.constant("bridge.entered"),
    at,
    channel,
    bridge: fc.constant("b3"),
    room: fc.constant("conference"),
  }),
  fc.record({ type: fc.constant("bridge.left"), at, channel, bridge }),
  fc.record({ type: fc.constant("local.paired"), at, one: channel, two: channel }),
  fc.record({ type: fc.constant("call.picked_up"), at, by: channel, target: channel }),
  fc.record({
    type: fc.constant("call.transferred"),
    at,
    how: fc.constantFrom("blind", "attended"),
    by: channel,
    others: fc.array(channel, { maxLength: 2 }),
    to: orNull(fc.constant("888")),
    success: fc.boolean(),
  }),
  fc.record({ type: fc.constant("queue.joined"), at, channel, queue: fc.constant("support") }),
  fc.record({
    type: fc.constant("queue.left"),
    at,
    channel,
    queue: fc.constant("support"),
    abandoned: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("call.parked"),
    at,
    channel,
    space: fc.constant("751"),
  }),
  fc.record({ type: fc.constant("conference.joined"), at, channel, conference: fc.constant("room") }),
  fc.record({ type: fc.constant("operator.accepted"), at, by }),
  fc.record({ type: fc.constant("operator.rejected"), at, by, uniqueids: fc.subarray(IDS) }),
  fc.record({ type: fc.constant("operator.hungup"), at, by }),
  fc.record({ type: fc.constant("operator.transferred"), at, by, to: fc.constant("888") }),
  fc.record({ type: fc.constant("operator.noted"), at, notes: fc.constantFrom("one", "two") }),
);

/** What comes of reconciling: it depends on what was known, so its place in a history matters. */
const reconciled: fc.Arbitrary<CallEvent> = fc.oneof<fc.Arbitrary<CallEvent>[]>(
  fc.record({
    type: fc.constant("sync.listed"),
    at,
    lostAt: at,
    channels: fc.array(
      fc.tuple(channel, fc.record({ bridge: orNull(bridge), createdAt: at, dialled: fc.boolean() })).map((
        [seen, more],
      ) => ({ ...seen, ...more })),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    type: fc.constant("sync.gone"),
    at,
    lostAt: at,
    uniqueids: fc.oneof(fc.constant("all" as const), fc.subarray(IDS)),
  }),
);

/** Whatever is said, in any order. */
export const history = fc.array(said, { maxLength: 40 });

/** The same with times when nothing was heard. */
export const brokenHistory = fc.array(
  fc.oneof({ weight: 9, arbitrary: said }, { weight: 1, arbitrary: reconciled }),
  {
    maxLength: 40,
  },
);

// Fails to compile when the vocabulary has an event that no history has.
type Told =
  | "channel.seen"
  | "channel.answered"
  | "channel.hangup_requested"
  | "channel.hungup"
  | "dial.began"
  | "dial.rang"
  | "dial.ended"
  | "bridge.entered"
  | "bridge.left"
  | "local.paired"
  | "call.picked_up"
  | "call.transferred"
  | "queue.joined"
  | "queue.left"
  | "call.parked"
  | "conference.joined"
  | "operator.accepted"
  | "operator.rejected"
  | "operator.hungup"
  | "operator.transferred"
  | "operator.noted"
  | "sync.listed"
  | "sync.gone"
  | "call.merged"
  | "resume";
type Forgotten = Exclude<CallEvent["type"], Told>;
const complete: Forgotten extends never ? true : Forgotten = true;
void complete;
