/**
 * @module
 * Whatever is published, opened, cut and resumed in whatever order, each reader can follow the state of its topics,
 * and nobody receives what is not theirs.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogTopic, type Scope, type Topic, TOPICS } from "../../actors/feed.ts";
import { logLine, type Message, open, OWNER, startFeed, type StepReader } from "./feed_readers.ts";

/** Whom a message concerns, by user; null for everybody. */
type Concerned = number[] | null;

type Step =
  | { kind: "publish" | "tell"; topic: Topic; concerned: Concerned }
  | { kind: "line"; topic: LogTopic }
  | { kind: "open"; topics: Topic[]; scope: Scope; logs: LogTopic[] }
  | { kind: "cut" | "take"; which: number }
  | { kind: "resync"; topic: Topic }
  | { kind: "wait"; ms: number };

const LOG_TOPICS: LogTopic[] = ["logs:*", "logs:main/777", "logs:[main/C-0000000a]"];
/** Lines that a reader begins with. */
const LAST = 3;

const topic = fc.constantFrom(...TOPICS, "calls" as const, "calls" as const);
const concerned: fc.Arbitrary<Concerned> = fc.option(fc.subarray([1, 2, 3]));
const scope: fc.Arbitrary<Scope> = fc.constantFrom<Scope>("all", { userId: 1 }, { userId: 2 }, { userId: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("publish" as const, "publish" as const, "publish" as const, "tell" as const),
      topic,
      concerned,
    }).map((made) => made.topic === "calls" ? made : { ...made, concerned: null }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("line" as const), topic: fc.constantFrom(...LOG_TOPICS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      // Often the same ones, so that readers share what they get.
      topics: fc.oneof(
        fc.constant<Topic[]>(["calls"]),
        fc.constant<Topic[]>(["links", "calls"]),
        fc.subarray([...TOPICS], { minLength: 1 }),
      ),
      scope,
      logs: fc.oneof(
        { weight: 3, arbitrary: fc.constant<LogTopic[]>([]) },
        { weight: 2, arbitrary: fc.subarray(LOG_TOPICS) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("cut" as const, "take" as const), which: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resync" as const), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 4, 5, 49, 50, 200) }),
  },
);

/** One who reads topics, through as many streams as it takes, and keeps what it was told. */
class Follower {
  stream: StepReader;
  readonly topics: Topic[];
  readonly scope: Scope;
  readonly logs: LogTopic[];
  /** Lines that it knows of each of its log topics. */
  lines = new Map<LogTopic, Set<number>>();
  /** Changes it knows of, by number: those in its last snapshot, and those told since. */
  known = new Set<number>();
  last = 0;

  constructor(
    { topics, scope, logs }: { topics: Topic[]; scope: Scope; logs: LogTopic[] },
    stream: StepReader,
  ) {
    this.topics = topics;
    this.logs = logs;
    this.scope = scope;
    this.stream = stream;
  }

  follow(messages: Message[], mayRead: (seq: number, follower: Follower) => boolean): void {
    for (const { event, data, id } of messages) {
      // Looked at before anything else: what a state would hide in the end was received all the same.
      const seqs = event === "snapshot" ? data.seqs as number[] : typeof data === "number" ? [data] : [];
      for (const seq of seqs) {
        assert.ok(mayRead(seq, this), `${event} ${seq} is not theirs`);
      }
      if (event === "snapshot") {
        this.known = new Set(data.seqs as number[]);
        const lines = Object.entries(data.logs as Record<LogTopic, { id: number }[]> ?? {});
        assert.deepEqual(lines.map(([topic]) => topic).sort(), [...this.logs].sort());
        this.lines = new Map(
          lines.map(([topic, held]) => [topic as LogTopic, new Set(held.map(({ id }) => id))]),
        );
        this.last = Number(id!.split("-")[1]);
      } else if (event === "log.line") {
        // Its message is the topic that it was told on.
        assert.ok(this.logs.includes(data.message), `${data.message} is not theirs`);
        this.lines.get(data.message)!.add(data.id);
      } else if (event === "change") {
        const seq = Number(id!.split("-")[1]);
        assert.equal(seq, data);
        assert.ok(seq > this.last, `${seq} after ${this.last}`);
        assert.ok(!this.known.has(seq), `${seq} came twice`);
        this.known.add(seq);
        this.last = seq;
      }
    }
  }
}

/** Said anew here: the feed's own answer is what is looked at. */
function isFor(concerned: Concerned, scope: Scope): boolean {
  return concerned === null || scope === "all" || concerned.some((userId) => userId === scope.userId);
}

function audienceOf(concerned: Concerned) {
  return concerned === null ? undefined : { userIds: concerned };
}

Deno.test("rows 22 and 32: each reader gets every change that is theirs once and in order, and no other", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80, size: "max" }),
      fc.constantFrom(300, 2000, 1_000_000),
      async (steps, ringSize) => {
        const published: { seq: number; topic: Topic; concerned: Concerned }[] = [];
        const told: { topic: Topic; concerned: Concerned }[] = [];
        const of = (topics: readonly Topic[], scope: Scope) =>
          published.filter((change) => topics.includes(change.topic) && isFor(change.concerned, scope))
            .map(({ seq }) => seq);
        // What is told has no number of its own: it is known by a negative one.
        const mayRead = (seq: number, { topics, scope }: Follower) => {
          const one = seq < 0 ? told[-seq - 1]! : published.find((change) => change.seq === seq)!;
          return topics.includes(one.topic) && isFor(one.concerned, scope);
        };
        const lines = new Map<LogTopic, number[]>(LOG_TOPICS.map((topic) => [topic, []]));
        const { feed, clock } = startFeed({
          snapshot: (topics, scope) => ({ seqs: of(topics, scope) }),
          lastLines: (topic) => lines.get(topic)!.slice(-LAST).map((id) => logLine(id)),
          ringSize,
        });
        const followers: Follower[] = [];
        const catchUp = async (follower: Follower) => follower.follow(await follower.stream.take(), mayRead);
        for (const step of steps) {
          const follower = "which" in step
            ? followers[step.which % Math.max(1, followers.length)]
            : undefined;
          switch (step.kind) {
            case "publish":
              published.push({ ...step, seq: feed.seq + 1 });
              feed.publish(step.topic, "change", feed.seq + 1, audienceOf(step.concerned));
              break;
            case "tell":
              told.push(step);
              feed.tell(step.topic, "told", -told.length, audienceOf(step.concerned));
              break;
            case "line": {
              const told = lines.get(step.topic)!;
              told.push(told.length);
              const line = logLine(told.length - 1, { message: step.topic });
              if (feed.wants(step.topic)) feed.tell(step.topic, "log.line", line);
              break;
            }
            case "open":
              followers.push(
                new Follower(step, open(feed, step.topics, null, OWNER, step.scope, step.logs)),
              );
              break;
            case "take":
              if (follower !== undefined) await catchUp(follower);
              break;
            case "cut":
              if (follower === undefined) break;
              await follower.stream.cancel();
              // One read is always waiting: what it got before the cut was received.
              follower.follow(follower.stream.rest(), mayRead);
              follower.stream = open(
                feed,
                follower.topics,
                follower.stream.lastId ?? (follower.last > 0 ? `e1-${follower.last}` : null),
                OWNER,
                follower.scope,
                follower.logs,
              );
              break;
            case "resync":
              feed.resync(step.topic);
              break;
            case "wait":
              clock.pass(step.ms);
          }
        }
        clock.pass(50);
        for (const follower of followers) {
          await catchUp(follower);
          assert.deepEqual([...follower.known].sort((a, b) => a - b), of(follower.topics, follower.scope));
          for (const [topic, known] of follower.lines) {
            const all = lines.get(topic)!;
            assert.ok(known.size >= Math.min(LAST, all.length));
            const newest = all.slice(all.length - known.size);
            assert.deepEqual([...known].sort((a, b) => a - b), newest, `gaps in ${topic}`);
          }
        }
        assert.equal(feed.readers, followers.length);
        feed.stop();
        assert.equal(clock.live, 0);
      },
    ),
    { numRuns: 200 },
  );
});
