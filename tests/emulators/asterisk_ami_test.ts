/**
 * @module
 * The manager interface of the emulated Asterisk on a bare socket: login, rights, masks, lists, limits and wordings,
 * each as Asterisk 16.28 and 22.10 were seen to do it.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { SECRET, withAsterisk } from "./asterisk_client.ts";
import { header, type Packet, packetsOf } from "./asterisk_compare.ts";

const CALLER = { from: "74951234567", fromName: "ООО Тестовая Компания" };

/** Headers of a packet without those that a test does not care for. */
function fields(packet: Packet, ...without: string[]): Packet {
  return packet.filter(([name]) => !["ActionID", ...without].includes(name));
}

Deno.test("emulated AMI: greets with its version", async () => {
  for (const [version, greeting] of [[16, "5.0.5"], [22, "11.0.0"]] as const) {
    await withAsterisk({ version }, async ({ dial }) => {
      const ami = dial();
      await ami.until(() => ami.text.includes("\n"), "a greeting");
      assert.equal(ami.text, `Asterisk Call Manager/${greeting}\r\n`);
    });
  }
});

Deno.test("emulated AMI: a right login is accepted and followed by FullyBooted", async () => {
  await withAsterisk({ uptime: 100 }, async ({ dial }) => {
    const ami = dial();
    assert.deepEqual(fields(await ami.login()), [
      ["Response", "Success"],
      ["Message", "Authentication accepted"],
    ]);
    await ami.settle();
    assert.deepEqual(ami.events("FullyBooted"), [[
      ["Event", "FullyBooted"],
      ["Privilege", "system,all"],
      ["Uptime", "100"],
      ["LastReload", "100"],
      ["Status", "Fully Booted"],
    ]]);
    assert.equal(header(await ami.login(), "Message"), "Already authenticated");
  });
});

Deno.test("emulated AMI: a wrong login is refused and the connection closed", async () => {
  for (const wrong of [{ Secret: "no" }, { Username: "somebody" }]) {
    await withAsterisk({}, async ({ dial, asterisk }) => {
      const ami = dial();
      const answer = await ami.act("Login", { Username: "doorline", Secret: SECRET, ...wrong });
      assert.deepEqual(fields(answer), [["Response", "Error"], ["Message", "Authentication failed"]]);
      await ami.ended();
      assert.equal(asterisk.clients, 0);
    });
  }
});

Deno.test("emulated AMI: takes an MD5 login once it has given a challenge", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    assert.equal(header(await ami.act("Challenge"), "Message"), "Must specify AuthType");
    const challenge = header(await ami.act("Challenge", { AuthType: "MD5" }), "Challenge");
    const key = createHash("md5").update(challenge + SECRET).digest("hex");
    const answer = await ami.act("Login", { AuthType: "MD5", Username: "doorline", Key: key });
    assert.equal(header(answer, "Message"), "Authentication accepted");
  });
});

Deno.test("emulated AMI: who has not logged in may only log in, and has 30 seconds for it", async () => {
  await withAsterisk({}, async ({ dial, clock }) => {
    const ami = dial();
    for (const name of ["Ping", "CoreShowChannels", "Nonsense"]) {
      assert.equal(header(await ami.act(name), "Message"), "Permission denied");
    }
    clock.increment(29_999);
    assert.equal(header(await ami.act("Ping"), "Message"), "Permission denied");
    clock.increment(1);
    await ami.ended();
  });
});

Deno.test("emulated AMI: Ping carries the time, Logoff says goodbye and closes", async () => {
  await withAsterisk({}, async ({ dial, asterisk }) => {
    const ami = dial();
    await ami.login();
    assert.deepEqual(await ami.act("Ping", { ActionID: "7" }), [
      ["Response", "Success"],
      ["ActionID", "7"],
      ["Ping", "Pong"],
      ["Timestamp", "1795176000.000000"],
    ]);
    assert.deepEqual(fields(await ami.act("Logoff")), [
      ["Response", "Goodbye"],
      ["Message", "Thanks for all the fish."],
    ]);
    await ami.ended();
    assert.equal(asterisk.clients, 0);
  });
});

Deno.test("emulated AMI: takes bare line feeds, any case, and actions cut anywhere", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login();
    ami.socket.write("action:ping\nactionid: 8\n\n");
    await ami.until(() => ami.text.includes("ActionID: 8\r\n"), "the answer");
    for (const byte of new TextEncoder().encode("Action: Ping\r\nActionID: 9ё\r\n\r\n")) {
      ami.socket.write(new Uint8Array([byte]));
    }
    await ami.until(() => ami.text.includes("ActionID: 9ё\r\n"), "the answer");
  });
});

Deno.test("emulated AMI: refuses long lines, too many headers, no action and unknown ones, and goes on", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login("off");
    const refusals = async (text: string, message: string) => {
      const before = ami.text.length;
      ami.socket.write(text);
      await ami.settle();
      const [first] = packetsOf(ami.text.slice(before));
      assert.deepEqual(first && fields(first), [["Response", "Error"], ["Message", message]]);
    };
    const tooLong = "Failed to parse message: line too long";
    await refusals(`Action: Ping\r\nX: ${"a".repeat(2_000)}\r\nY: 1\r\n\r\n`, tooLong);
    await refusals(`Action: Ping\r\nX: ${"a".repeat(1_022)}\r\n\r\n`, tooLong);
    await refusals(
      `Action: Ping\r\n${"X: y\r\n".repeat(128)}\r\n`,
      "Too many lines in message or allocation failure",
    );
    await refusals("\r\n", "Missing action in request");
    await refusals(
      "Action: Nope\r\n\r\n",
      "Invalid/unknown command: Nope. Use Action: ListCommands to show available commands.",
    );
    const fits = await ami.act("Ping", { X: "a".repeat(1_021) });
    assert.equal(header(fits, "Response"), "Success");
  });
});

Deno.test("emulated AMI: sends what the mask and the rights allow, and no more", async () => {
  await withAsterisk({ noise: true, read: "call,system,agent" }, async ({ dial, asterisk }) => {
    const [all, agent, none, dialplan] = [dial(), dial(), dial(), dial()];
    await all.login();
    await agent.login("agent");
    await none.login("off");
    await dialplan.login();
    assert.deepEqual(fields(await dialplan.act("Events", { EventMask: "dialplan,user" })), [
      ["Response", "Success"],
      ["Events", "On"],
    ]);
    const call = asterisk.call({ ...CALLER, to: "702" });
    call.answer("777");
    call.callerHangsUp();
    await Promise.all([all, agent, none, dialplan].map((ami) => ami.settle()));
    const classes = (packets: readonly Packet[]) =>
      [...new Set(packets.map((one) => header(one, "Privilege")).filter((one) => one !== ""))].sort();
    assert.deepEqual(classes(all.packets), ["agent,all", "call,all", "system,all"]);
    assert.deepEqual(classes(agent.packets), ["agent,all"]);
    assert.deepEqual(classes(none.packets), []);
    // It asked for what it may not hear; what it heard came before it asked.
    assert.deepEqual(classes(dialplan.packets), ["system,all"]);
  });
});

Deno.test("emulated AMI: Events takes on, off, classes and numbers, and refuses nothing", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login();
    const masks = {
      on: "On",
      off: "Off",
      "call,system": "On",
      all: "On",
      xyz: "Off",
      "0": "Off",
      "call,xyz": "On",
    };
    for (const [mask, events] of Object.entries(masks)) {
      assert.equal(header(await ami.act("Events", { EventMask: mask }), "Events"), events, mask);
    }
    assert.equal(header(await ami.act("Events"), "Message"), "Invalid event mask");
  });
});

Deno.test("emulated AMI: an account without the class is denied, and ListCommands shows what it may", async () => {
  await withAsterisk({ write: "call" }, async ({ dial }) => {
    const ami = dial();
    await ami.login();
    for (const name of ["CoreShowChannels", "PJSIPShowEndpoints", "Originate", "Command", "UserEvent"]) {
      assert.deepEqual(fields(await ami.act(name)), [["Response", "Error"], [
        "Message",
        "Permission denied",
      ]]);
    }
    assert.equal(header(await ami.act("Hangup"), "Message"), "No channel specified");
    const commands = fields(await ami.act("ListCommands"), "Response");
    assert.deepEqual(commands.find(([name]) => name === "Hangup"), [
      "Hangup",
      "Hangup channel.  (Priv: system,call,all)",
    ]);
    assert.equal(commands.some(([name]) => name === "Originate" || name === "Command"), false);
  });
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login();
    const commands = await ami.act("ListCommands");
    for (const name of ["Originate", "Command", "UpdateConfig", "ModuleLoad"]) {
      assert.notEqual(header(commands, name), "", name);
    }
  });
});

Deno.test("emulated AMI: lists channels, endpoints, contacts, AORs and device states", async () => {
  await withAsterisk({}, async ({ dial, asterisk, clock }) => {
    const ami = dial();
    await ami.login("off");
    assert.deepEqual(await ami.list("CoreShowChannels", "CoreShowChannelsComplete"), []);
    const call = asterisk.call({ ...CALLER, to: "777" });
    call.answer();
    clock.increment(3_725_000);
    const channels = await ami.list("CoreShowChannels", "CoreShowChannelsComplete");
    assert.deepEqual(channels.map((one) => header(one, "Channel")), call.channels);
    assert.equal(header(channels[0]!, "Duration"), "01:02:05");
    assert.equal(header(channels[0]!, "CallerIDName"), CALLER.fromName);
    assert.match(header(channels[0]!, "BridgeId"), /^[0-9a-f-]{36}$/);
    assert.equal(header(channels[0]!, "BridgeId"), header(channels[1]!, "BridgeId"));
    const endpoints = await ami.list("PJSIPShowEndpoints", "EndpointListComplete");
    assert.deepEqual(
      endpoints.map((
        one,
      ) => [header(one, "ObjectName"), header(one, "DeviceState"), header(one, "ActiveChannels")]),
      [
        ["777-ep", "In use", "1"],
        ["888-ep", "Not in use", "0"],
        ["150-ep", "Not in use", "0"],
        ["151-ep", "Not in use", "0"],
        ["152-ep", "Not in use", "0"],
        ["trunk-ep", "In use", "1"],
      ],
    );
    asterisk.unregister("152");
    const contacts = await ami.list("PJSIPShowContacts", "ContactListComplete");
    assert.deepEqual(contacts.map((one) => header(one, "Endpoint")), [
      "777-ep",
      "888-ep",
      "150-ep",
      "151-ep",
    ]);
    assert.deepEqual(contacts[0]!.map(([name]) => name).slice(2), [
      ..."ObjectType ObjectName ViaAddr QualifyTimeout Qualify2xxOnly CallId RegServer PruneOnBoot Path"
        .split(" "),
      ..."Endpoint ViaPort AuthenticateQualify Uri QualifyFrequency UserAgent ExpirationTime".split(" "),
      ..."OutboundProxy Status RoundtripUsec".split(" "),
    ]);
    assert.equal((await ami.list("PJSIPShowAors", "AorListComplete")).length, 6);
    const states = await ami.list("DeviceStateList", "DeviceStateListComplete");
    assert.deepEqual(states.map((one) => header(one, "State")), [
      "INUSE",
      "NOT_INUSE",
      "NOT_INUSE",
      "NOT_INUSE",
      "UNAVAILABLE",
      "INUSE",
    ]);
    const status = await ami.act("CoreStatus");
    assert.deepEqual([header(status, "CoreCurrentCalls"), header(status, "CoreProcessedCalls")], ["2", "1"]);
    assert.equal(header(await ami.act("CoreSettings"), "AMIversion"), "11.0.0");
    call.callerHangsUp();
  });
});

Deno.test("emulated AMI: words its refusals as Asterisk does", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login("off");
    const to = { Context: "internal", Exten: "888", Priority: "1" };
    const table: [name: string, headers: Record<string, string>, message: string][] = [
      ["Hangup", {}, "No channel specified"],
      ["Hangup", { Channel: "PJSIP/x" }, "No such channel"],
      ["Redirect", to, "Channel not specified"],
      ["Redirect", { Channel: "x" }, "Context not specified"],
      ["Redirect", { Channel: "x", ...to }, "Channel does not exist: x"],
      ["Atxfer", { Channel: "x" }, "No extension specified"],
      ["BlindTransfer", {}, "No channel specified"],
      ["BlindTransfer", { Channel: "x", Exten: "1" }, "Channel specified does not exist"],
      ["PJSIPNotify", { Endpoint: "zzz-ep", Variable: "Event=talk" }, "Unable to retrieve endpoint zzz-ep"],
      ["PJSIPNotify", { Channel: "zzz", Variable: "Event=talk" }, "Channel not found"],
      ["PJSIPQualify", {}, "Endpoint parameter missing."],
      ["Originate", {}, "Channel not specified"],
      ["Originate", { Channel: "PJSIP/x" }, "Originate with 'Exten' requires 'Context' and 'Priority'"],
      ["Originate", { Channel: "nonsense", ...to }, "Invalid channel"],
      ["Originate", { Channel: "PJSIP/zzz", ...to }, "Originate failed"],
    ];
    for (const [name, headers, message] of table) {
      const answer = await ami.act(name, headers);
      assert.deepEqual(fields(answer), [["Response", "Error"], ["Message", message]], `${name} ${message}`);
    }
  });
});

Deno.test("emulated AMI: Hangup with a pattern hangs up all that fit, as Asterisk does", async () => {
  await withAsterisk({}, async ({ dial, asterisk }) => {
    const ami = dial();
    await ami.login("off");
    const calls = ["777", "888"].map((to) => asterisk.call({ ...CALLER, to }));
    const answer = await ami.act("Hangup", { Channel: "/^PJSIP/trunk-ep/", Cause: "16" });
    assert.equal(header(answer, "Message"), "Channels hung up will follow");
    await Promise.all(calls.map((call) => call.done));
    await ami.settle();
    assert.equal(ami.events("ChannelHungup").length, 2);
  });
});

Deno.test("emulated AMI: a NOTIFY to talk is obeyed by phones that can", async () => {
  const endpoints = [{ number: "777" }, { number: "888", remoteAnswer: false }, {
    number: "trunk",
    trunk: true,
  }];
  await withAsterisk({ endpoints }, async ({ dial, asterisk }) => {
    const ami = dial();
    await ami.login("off");
    const [can, cannot] = ["777", "888"].map((to) => asterisk.call({ ...CALLER, to })) as [
      ReturnType<typeof asterisk.call>,
      ReturnType<typeof asterisk.call>,
    ];
    for (const call of [can, cannot]) {
      const answer = await ami.act("PJSIPNotify", { Channel: call.channels[1]!, Variable: "Event=talk" });
      assert.equal(header(answer, "Message"), "NOTIFY sent");
    }
    assert.deepEqual([can.isUp, cannot.isUp], [true, false]);
  });
});

Deno.test("emulated AMI: UserEvent reaches those who hear user events, headers as they were", async () => {
  await withAsterisk({}, async ({ dial }) => {
    const ami = dial();
    await ami.login("user");
    await ami.act("UserEvent", { ActionID: "u", UserEvent: "Foo", Hello: "World" });
    await ami.settle();
    assert.deepEqual(ami.events("UserEvent"), [[
      ["Event", "UserEvent"],
      ["Privilege", "user,all"],
      ["UserEvent", "Foo"],
      ["ActionID", "u"],
      ["Hello", "World"],
    ]]);
  });
});

Deno.test("emulated AMI: escapes names of callers as in C, and nothing else", async () => {
  await withAsterisk({}, async ({ dial, asterisk }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call({ from: "74951234567", fromName: `a"b'c?d\\e\nf<g>`, to: "777" });
    await ami.settle();
    assert.equal(header(ami.events("Newchannel")[0]!, "CallerIDName"), String.raw`a\"b\'c\?d\\e\nf<g>`);
    call.callerHangsUp();
  });
});

Deno.test("emulated AMI: remembers the last 1,000 actions, without their secrets", async () => {
  await withAsterisk({}, async ({ dial, asterisk }) => {
    const ami = dial();
    await ami.login("off");
    await ami.act("PJSIPNotify", {
      Endpoint: "777-ep",
      Variable: "Event=talk\r\nVariable: X=1",
      ActionID: "n",
    });
    assert.deepEqual(asterisk.received, [
      { action: "Login", actionid: "raw-1", username: "doorline", secret: "***", events: "off" },
      { action: "PJSIPNotify", actionid: "n", endpoint: "777-ep", variable: "Event=talk\nX=1" },
    ]);
    ami.socket.write("Action: Ping\r\n\r\n".repeat(1_200));
    await ami.act("Ping", { ActionID: "last" });
    assert.equal(asterisk.received.length, 1_000);
    assert.equal(asterisk.received.at(-1)?.actionid, "last");
  });
});
