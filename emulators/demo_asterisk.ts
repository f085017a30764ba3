/**
 * @module
 * The Asterisk of a Doorline that was given none: an emulated one whose phones come and go, that makes a call now and
 * then, and whenever it is asked to. It keeps its configuration and its log in a folder of its own.
 */
import { startAsterisk } from "./asterisk.ts";
import { startDemoCalls } from "./asterisk_demo.ts";
import { DEMO_ENDPOINTS, startDemoPhones } from "./asterisk_demo_phones.ts";

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
  /** Path of the log that it writes. */
  logFile: string;
  /** Makes a call and gives its Linkedid. @throws when the configuration has lost its outside line */
  testCall(call: TestCall): string;
  stop(): Promise<void>;
}

/** Where it keeps its files. */
export interface DemoAsteriskOptions {
  /** Default: `emulated-asterisk` in the service's data directory. */
  dir?: string;
}

/** Starts it on a port that is free, with a life of its own. @throws when its folder cannot be written */
export async function startDemoAsterisk(options: DemoAsteriskOptions = {}): Promise<DemoAsterisk> {
  const dir = options.dir ?? `${Deno.env.get("DOORLINE_DATA_DIR") || "./data"}/emulated-asterisk`;
  const account = { user: "doorline", secret: crypto.randomUUID() };
  const asterisk = await startAsterisk({
    ...account,
    // Configuration is written over the manager interface too, which the class `config` is for.
    read: "call,system,agent",
    write: "call,system,config",
    endpoints: DEMO_ENDPOINTS,
    dir,
  });
  const calls = startDemoCalls(asterisk);
  const phones = startDemoPhones(asterisk);
  return {
    server: { name: "emulated", host: "127.0.0.1", port: asterisk.port, ...account },
    logFile: asterisk.logFile!,
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
      phones.stop();
      await asterisk.stop();
    },
  };
}
