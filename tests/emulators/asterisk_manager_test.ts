/**
 * @module
 * The emulated Asterisk as npm asterisk-manager sees it: a library that knows nothing of emulators gets along with it.
 */
import assert from "node:assert/strict";
import AsteriskManager from "asterisk-manager";
import { withDeadline } from "../support/wait.ts";
import { SECRET, withAsterisk } from "./asterisk_client.ts";

/** What the library gives for a packet: names in lower case. */
type Heard = Record<string, string>;

/** The little of the library that is used here; it brings no types. */
interface Manager {
  on(event: string, listener: (heard: Heard) => void): void;
  action(action: Record<string, string>, callback: (error: Heard | null, answer: Heard) => void): void;
  disconnect(callback: () => void): void;
}

function open(port: number, secret = SECRET): Manager {
  return new AsteriskManager(port, "127.0.0.1", "doorline", secret, true) as Manager;
}

function next(
  manager: Manager,
  event: string,
  accept: (heard: Heard) => boolean = () => true,
): Promise<Heard> {
  const heard = new Promise<Heard>((resolve) => {
    manager.on(event, (one) => accept(one) && resolve(one));
  });
  return withDeadline(heard, { what: event, timeoutMs: 10_000 });
}

function act(manager: Manager, action: Record<string, string>): Promise<Heard> {
  const answer = new Promise<Heard>((resolve, reject) => {
    manager.action(action, (error, heard) => error ? reject(new Error(error.message)) : resolve(heard));
  });
  return withDeadline(answer, { what: `an answer to ${action.action}`, timeoutMs: 10_000 });
}

function close(manager: Manager): Promise<void> {
  return new Promise((resolve) => {
    manager.on("close", () => resolve());
    manager.disconnect(() => {});
  });
}

for (const version of [16, 22] as const) {
  Deno.test(`asterisk-manager: logs in to an emulated Asterisk ${version}, acts and hears a call`, async () => {
    await withAsterisk({ version, noise: true }, async ({ asterisk }) => {
      const manager = open(asterisk.port);
      const heard: Heard[] = [];
      manager.on("managerevent", (one) => heard.push(one));
      await next(manager, "fullybooted");
      assert.equal((await act(manager, { action: "Ping" })).ping, "Pong");
      const call = asterisk.call({ from: "74951234567", fromName: "ООО Тестовая Компания", to: "777" });
      const ringing = await next(manager, "dialstate");
      assert.equal(ringing.calleridname, "ООО Тестовая Компания");
      const complete = next(manager, "coreshowchannelscomplete");
      await act(manager, { action: "CoreShowChannels" });
      assert.equal((await complete).listitems, "2");
      const ended = next(manager, "hangup", (one) => one.channel === call.channel);
      await act(manager, { action: "Hangup", channel: ringing.destchannel!, cause: "21" });
      assert.equal((await ended).cause, "21");
      await assert.rejects(act(manager, { action: "Hangup", channel: "nonsense" }), /No such channel/);
      assert.equal(heard.filter((one) => one.event === "Hangup").length, 2);
      await close(manager);
    });
  });
}

Deno.test("asterisk-manager: hears a wrong password only as a closed line", async () => {
  await withAsterisk({}, async ({ asterisk }) => {
    const manager = open(asterisk.port, "wrong");
    const refused = next(manager, "response", (one) => one.response === "Error");
    const closed = next(manager, "close");
    assert.equal((await refused).message, "Authentication failed");
    await closed;
  });
});
