/**
 * @module
 * The Asterisk of a Doorline that was given none: an emulated one that makes a call now and then, and whenever it is
 * asked to.
 */
import { startAsterisk } from "./asterisk.ts";
import { startDemoCalls } from "./asterisk_demo.ts";

/** A call from outside, by hand. Times in seconds. */
export interface TestCall {
  from: string;
  from_name: string;
  to: string;
  gives_up_after: number;
  talk_for: number;
}

/** A running one. */
export interface DemoAsterisk {
  /** Where its manager interface is, and who may come in. */
  server: { name: string; host: string; port: number; user: string; secret: string };
  /** Makes a call and gives its Linkedid. */
  testCall(call: TestCall): string;
  stop(): Promise<void>;
}

/** Starts it on a port that is free, with calls of its own. */
export async function startDemoAsterisk(): Promise<DemoAsterisk> {
  const account = { user: "doorline", secret: crypto.randomUUID() };
  const asterisk = await startAsterisk({ ...account, read: "call,system,agent", write: "call,system" });
  const calls = startDemoCalls(asterisk);
  return {
    server: { name: "emulated", host: "127.0.0.1", port: asterisk.port, ...account },
    testCall: (call) =>
      asterisk.call({
        from: call.from,
        fromName: call.from_name,
        to: call.to,
        via: "trunk",
        plan: { callerGivesUpAfterMs: call.gives_up_after * 1000, talkMs: call.talk_for * 1000 },
      }).linkedid,
    stop: async () => {
      calls.stop();
      await asterisk.stop();
    },
  };
}
