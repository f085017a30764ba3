/**
 * @module
 * Who may publish and subscribe what on the embedded broker. docs/OPERATIONS.md has the same rules for Mosquitto.
 */
import { isMac } from "./decode.ts";

/**
 * Who is connected: a panel that showed its credentials, or a program on this machine without any, which may
 * speak for every panel that has no credentials of its own.
 */
export type Identity = { kind: "panel"; mac: string } | { kind: "local" };

/** Whether the client may publish there. `hasCredentials` tells whether a panel has its own. */
export function mayPublish(who: Identity, topic: string, hasCredentials: (mac: string) => boolean): boolean {
  const parts = topic.split("/");
  return parts.length === 3 && parts[0] === "intercom" && parts[2] !== "cmd" && /^[^+#]+$/.test(parts[2]!) &&
    speaksFor(who, parts[1]!, hasCredentials);
}

/** Whether the client may subscribe to the filter: only to what is its own, by name. */
export function maySubscribe(
  who: Identity,
  filter: string,
  hasCredentials: (mac: string) => boolean,
): boolean {
  const parts = filter.split("/");
  if (parts.length !== 3 || parts[0] !== "intercom") return false;
  return speaksFor(who, parts[1]!, hasCredentials);
}

/** Whether a client identifier can be told from a topic filter and shown on a page. */
export function isClientId(id: string): boolean {
  // deno-lint-ignore no-control-regex
  return id.length <= 128 && !/[+#/\u0000-\u001f\u007f]/.test(id);
}

function speaksFor(who: Identity, topicMac: string, hasCredentials: (mac: string) => boolean): boolean {
  if (!isMac(topicMac)) return false;
  const mac = topicMac.toUpperCase();
  return who.kind === "panel" ? who.mac === mac : !hasCredentials(mac);
}
