/**
 * @module
 * The words of the feed: topics, who may read a message, and a message itself. Each is written out once, whoever
 * reads it.
 */

/** What a reader may ask for. */
export const TOPICS = ["intercoms", "events", "links", "calls", "endpoints"] as const;

/** A topic of the feed. */
export type Topic = typeof TOPICS[number];

/**
 * Log lines: `logs:*` is every line, `logs:PBX/NAME` those about an endpoint, `logs:[PBX/C-0000000a]` those of a
 * call. What is told of them has no number and is not replayed.
 */
export type LogTopic = `logs:${string}`;

/** Whether a topic is one of log lines. */
export function isLogTopic(topic: string): topic is LogTopic {
  return topic.startsWith("logs:");
}

/** Topics whose messages are not for everybody who may ask for them. */
export const PRIVATE_TOPICS: readonly Topic[] = ["calls"];

/** The people whom a message concerns; readers of scope "all" get it as well. */
export interface Audience {
  userIds: readonly number[];
}

/** How much of a private topic somebody reads: all of it, or what concerns them. */
export type Scope = "all" | { readonly userId: number };

/** What was published, as it was given. */
export interface Published {
  topic: Topic | LogTopic;
  /** `reset` when the state of the topic changed at once and was not told one by one. */
  event: string;
  data: unknown;
  /** Undefined for everybody who reads the topic. */
  audience: Audience | undefined;
}

/** A message, written out. */
export interface Entry {
  seq: number;
  topic: Topic;
  text: string;
  audience: readonly number[] | null;
}

/** Whether a message of these people is for somebody who reads with that scope. */
export function isFor(audience: readonly number[] | null, scope: Scope): boolean {
  return audience === null || scope === "all" || audience.includes(scope.userId);
}

/** Whether a message is among topics, and for that scope. */
export function isWanted(entry: Entry, topics: readonly Topic[], scope: Scope): boolean {
  return topics.includes(entry.topic) && isFor(entry.audience, scope);
}

/** Writes a server-sent event. */
export function format(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
