/**
 * @module
 * Whatever is published, opened, cut and resumed in whatever order, each reader can follow the state of its topics.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Topic, TOPICS } from "../../actors/feed.ts";
import { type Message, open, startFeed, type StepReader } from "./feed_readers.ts";

type Step =
  | { kind: "publish"; topic: Topic }
  | { kind: "open"; topics: Topic[] }
  | { kind: "cut" | "take"; which: number }
  | { kind: "resync"; topic: Topic }
  | { kind: "wait"; ms: number };

const topic = fc.constantFrom(...TOPICS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), topic }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      topics: fc.subarray([...TOPICS], { minLength: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("cut" as const, "take" as const), which: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resync" as const), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 49, 50, 200) }),
  },
);

/** One who reads topics, through as many streams as it takes, and keeps what it was told. */
class Follower {
  stream: StepReader;
  readonly topics: Topic[];
  /** Changes it knows of, by number: those in its last snapshot, and those told since. */
  known = new Set<number>();
  last = 0;

  constructor(topics: Topic[], stream: StepReader) {
    this.topics = topics;
    this.stream = stream;
  }

  follow(messages: Message[]): void {
    for (const { event, data, id } of messages) {
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

Deno.test("row 22: each reader gets every change of its topics once and in order, whatever it missed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.constantFrom(300, 2000, 1_000_000),
      async (steps, ringSize) => {
        const published: { seq: number; topic: Topic }[] = [];
        const of = (topics: readonly Topic[]) =>
          published.filter((change) => topics.includes(change.topic)).map(({ seq }) => seq);
        const { feed, clock } = startFeed({ snapshot: of, ringSize });
        const followers: Follower[] = [];
        const catchUp = async (follower: Follower) => follower.follow(await follower.stream.take());
        for (const step of steps) {
          const follower = "which" in step
            ? followers[step.which % Math.max(1, followers.length)]
            : undefined;
          switch (step.kind) {
            case "publish":
              published.push({ seq: feed.seq + 1, topic: step.topic });
              feed.publish(step.topic, "change", feed.seq + 1);
              break;
            case "open":
              followers.push(new Follower(step.topics, open(feed, step.topics)));
              break;
            case "take":
              if (follower !== undefined) await catchUp(follower);
              break;
            case "cut":
              if (follower === undefined) break;
              await follower.stream.cancel();
              // One read is always waiting: what it got before the cut was received.
              follower.follow(follower.stream.rest());
              follower.stream = open(
                feed,
                follower.topics,
                follower.stream.lastId ?? (follower.last > 0 ? `e1-${follower.last}` : null),
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
          assert.deepEqual([...follower.known].sort((a, b) => a - b), of(follower.topics));
        }
        assert.equal(feed.readers, followers.length);
        feed.stop();
        assert.equal(clock.live, 0);
      },
    ),
    { numRuns: 200 },
  );
});
