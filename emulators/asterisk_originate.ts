/**
 * @module
 * Originate in an emulated Asterisk: it rings one channel, and lets that walk the dialplan when it answers.
 */
import type { AmiAction } from "./ami_codec.ts";
import type { AmiSession } from "./ami_server.ts";
import type { ActionWorld } from "./asterisk_actions.ts";
import { type Channel, UNKNOWN } from "./asterisk_channels.ts";

/** Reasons of OriginateResponse. */
const FAILED = 0;
const NOT_ANSWERED = 3;
const ANSWERED = 4;
const BUSY = 5;

/** Answers Originate; only PJSIP channels that lead to an extension are known here. */
export function originate(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const name = action.get("Channel");
  const [context, exten] = [action.get("Context"), action.get("Exten")];
  if (name === "") return session.fail(action, "Channel not specified");
  if (exten === "" || context === "" || action.get("Priority") === "") {
    return session.fail(action, "Originate with 'Exten' requires 'Context' and 'Priority'");
  }
  const [tech, address = ""] = splitOnce(name, "/");
  if (tech === name) return session.fail(action, "Invalid channel");
  const phone = tech === "PJSIP"
    ? world.book.endpoints.get(address) ?? world.book.numbers.get(address)
    : undefined;
  const { name: callerName, number: callerNum } = parseCallerId(action.get("CallerID"));
  const async = /^(true|yes|on|1|y|t)$/i.test(action.get("Async"));
  const answer = (reason: number, channel: Channel | null) => {
    if (!async) {
      if (reason === ANSWERED) {
        session.respond(action, "Success", ["Message", "Originate successfully queued"]);
      } else session.fail(action, "Originate failed");
      return;
    }
    world.board.tell(
      "call",
      "OriginateResponse",
      (action.actionId === null ? "" : `ActionID: ${action.actionId}\r\n`) +
        `Response: ${reason === ANSWERED ? "Success" : "Failure"}\r\n` +
        `Channel: ${reason === ANSWERED && channel ? channel.name : name}\r\n` +
        `Context: ${context}\r\nExten: ${exten}\r\nReason: ${reason}\r\n` +
        `Uniqueid: ${channel?.uniqueid ?? UNKNOWN}\r\n` +
        `CallerIDNum: ${callerNum || UNKNOWN}\r\nCallerIDName: ${callerName || UNKNOWN}\r\n`,
    );
  };
  if (async) session.respond(action, "Success", ["Message", "Originate successfully queued"]);
  if (phone === undefined || !phone.reachable) return answer(FAILED, null);
  world.newCall().originate({
    phone,
    callerNum,
    callerName,
    exten,
    context,
    onEnd: (channel, cause) => {
      if (cause === null) answer(ANSWERED, channel);
      else answer(cause === 17 ? BUSY : NOT_ANSWERED, channel);
    },
  });
}

/** Reads `"Name" <number>`, or a number alone. */
function parseCallerId(text: string): { name: string; number: string } {
  const both = /^\s*"?(.*?)"?\s*<([^>]*)>\s*$/.exec(text);
  return both ? { name: both[1] ?? "", number: both[2] ?? "" } : { name: "", number: text.trim() };
}

function splitOnce(text: string, by: string): [string, string?] {
  const at = text.indexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}
