/**
 * @module
 * From a message to its actor. Whoever has the wire, the embedded broker or the client of another one, hands every
 * publish in here and acknowledges it when the promise holds.
 */
import { DatabaseAway } from "../db/client.ts";
import type { DeadLetters } from "./dead_letters.ts";
import { type Intercoms, TooManyUnknown } from "./intercoms.ts";
import { decode, type PanelMessage } from "./mqtt/decode.ts";

/** A publish as it came from the wire. */
export interface Publish {
  topic: string;
  payload: Uint8Array;
  /** Kept by the broker from before. */
  retained: boolean;
  /** The broker's DUP flag. */
  redelivered: boolean;
  /** The broker had it waiting while the service was away: it tells what was, not what is. */
  backlog?: boolean;
}

/** Takes a publish; holds once what it came to is committed, or it is counted as refused. */
export type Intake = (publish: Publish) => Promise<void>;

/** Builds the way from the wire to the panels. */
export function createIntake(options: {
  intercoms: Intercoms;
  deadLetters: DeadLetters;
  onMessage?: (kind: string) => void;
}): Intake {
  const { intercoms, deadLetters } = options;
  return async (publish) => {
    const { topic, payload, retained, redelivered } = publish;
    // An empty retained message is how the broker is told to forget one.
    if (retained && payload.length === 0) return;
    const decoded = decode(topic, payload, retained);
    if (!decoded.ok) {
      deadLetters.add({ source: "mqtt", reason: decoded.reason, topic, payload });
      if (decoded.mac !== null) intercoms.heard(decoded.mac);
      return;
    }
    const message = publish.backlog ? asHistory(decoded.message) : decoded.message;
    if (message === null) return;
    options.onMessage?.(message.event.type);
    try {
      await intercoms.receive(message, redelivered);
    } catch (error) {
      if (error instanceof DatabaseAway) throw error;
      // What will never be taken is taken off the sender's hands, or it would come again for ever.
      const reason = error instanceof TooManyUnknown ? "too_many_unknown" : "not_storable";
      deadLetters.add({ source: "mqtt", reason, topic, payload });
    }
  };
}

/** A message that waited at the broker, as what it is by now; null when it says nothing any more. */
function asHistory(message: PanelMessage): PanelMessage | null {
  const { event } = message;
  switch (event.type) {
    case "panel.heartbeat":
    case "panel.heard":
      return null;
    case "panel.status":
      return { ...message, event: { ...event, retained: true } };
    default:
      return { ...message, event: { ...event, backlog: true } };
  }
}
