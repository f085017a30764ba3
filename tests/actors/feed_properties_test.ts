/**
 * @module
 * Whatever is published, opened, cut and resumed in whatever order, each reader can follow the state of its topics,
 * and nobody receives what is not theirs.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Scope, type Topic, TOPICS } from "../../actors/feed.ts";
import { type Message, open, OWNER, startFeed, type StepReader } from "./feed_readers.ts";

/** Whom a message concerns, by user; null for everybody. */
type Concerned = number[] | null;

type Step =
  | { kind: "publish" | "tell"; topic: Topic; concerned: Concerned }
  | { kind: "open"; topics: Topic[]; scope: Scope }
  | { kind: "cut" | "take"; which: number }
  | { kind: "resync"; topic: Topic }
  | { kind: "wait"; ms: number };

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
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      // Often the same ones, so that readers share what they get.
      topics: fc.oneof(
        fc.constant<Topic[]>(["calls"]),
        fc.constant<Topic[]>(["links", "calls"]),
        fc.subarray([...TOPICS], { minLength: 1 }),
      ),
      scope,
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
  /** Changes it knows of, by number: those in its last snapshot, and those told since. */
  known = new Set<number>();
  last = 0;

  constructor({ topics, scope }: { topics: Topic[]; scope: Scope }, stream: StepReader) {
    this.topics = topics;
    this.scope = scope;
    this.stream = stream;
  }

  follow(messages: Message[], mayRead: (seq: number, follower: Follower) => boolean): void {
    for (const { event, data, id } of messages) {
      // Looked at before anything else: what a state would hide in the end was received all the same.
      for (const seq of event === "snapshot" ? data as number[] : typeof data === "number" ? [data] : []) {
        assert.ok(mayRead(seq, this), `${event} ${seq} is not theirs`);
      }
      if (event === "snapshot") {
        this.known = new Set(data as number[]);
        this.last = Number(id!.split("-")[1]);
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
        const { feed, clock } = startFeed({ snapshot: of, ringSize });
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
            case "open":
              followers.push(new Follower(step, open(feed, step.topics, null, OWNER, step.scope)));
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
        }
        assert.equal(feed.readers, followers.length);
        feed.stop();
        assert.equal(clock.live, 0);
      },
    ),
    { numRuns: 200 },
  );
});
