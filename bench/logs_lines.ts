/**
 * @module
 * Lines for the benchmark of logs, as Asterisk writes them of calls and registrations of many phones, and how many
 * messages there are about one of the phones.
 */

/** A part of a log. */
export interface LogPart {
  text: string;
  lines: number;
  /** Messages; some have several lines. */
  messages: number;
  /** Messages about the phone that is asked for, by whatever names it, and those that have its endpoint's name in them. */
  about: number;
  /** Lines with the name of its endpoint. */
  naming: number;
}

/** One call of so many is followed by the trace of a registration. */
const TRACE_EVERY = 10;

/** Number of a phone, from 0; its endpoint is `1000-ep` and so on. */
export function numberOf(phone: number): number {
  return 10_000 + phone;
}

/** Makes at least so many lines about so many phones, always the same ones. */
export function makePart(least: number, phones: number, asked: number): LogPart {
  const part: LogPart = { text: "", lines: 0, messages: 0, about: 0, naming: 0 };
  const chunks: string[] = [];
  let random = 12345;
  const next = (below: number) => {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    return (random >>> 8) % below;
  };
  for (let call = 1; part.lines < least; call++) {
    const [from, to] = [numberOf(next(phones)), numberOf(next(phones))];
    const messages = callLines(from, to, call, part.lines);
    if (call % TRACE_EVERY === 0) messages.push(trace(from, part.lines));
    for (const { text, about } of messages) {
      part.lines += text.split("\n").length;
      part.messages++;
      if (about.includes(numberOf(asked))) part.about++;
      part.naming += text.split("\n").filter((line) => line.includes(`${numberOf(asked)}-ep`)).length;
      chunks.push(text);
    }
  }
  part.text = chunks.join("\n") + "\n";
  return part;
}

interface Made {
  text: string;
  about: number[];
}

function callLines(from: number, to: number, call: number, line: number): Made[] {
  const at = timeOf(line);
  const id = `[C-${hex(call)}]`;
  const [one, other] = [`PJSIP/${from}-ep-${hex(call * 2)}`, `PJSIP/${to}-ep-${hex(call * 2 + 1)}`];
  const bridge = "'simple_bridge' basic-bridge <f7076608-5cdb-4363-8e8b-3aa2e797eec0>";
  const ofCall = [
    `VERBOSE[1234]${id} pbx.c: Executing [${to}@internal:1] Dial("${one}", "PJSIP/${to}-ep,15") in new stack`,
    `VERBOSE[1234]${id} app_dial.c: Called PJSIP/${to}-ep`,
    `VERBOSE[1234]${id} app_dial.c: ${other} is ringing`,
    `VERBOSE[1234]${id} app_dial.c: ${other} answered ${one}`,
    `VERBOSE[1301]${id} bridge_channel.c: Channel ${other} joined ${bridge}`,
    `VERBOSE[1301]${id} bridge_channel.c: Channel ${other} left ${bridge}`,
    `VERBOSE[1234]${id} pbx.c: Spawn extension (internal, ${to}, 1) exited non-zero on '${one}'`,
  ].map((text) => ({ text, about: [from, to] }));
  const ofPhones = [
    {
      text: "VERBOSE[1299] res_pjsip_registrar.c: Added contact 'sip:" + from + "@192.0.2.7:5060' to AOR '" +
        from +
        "' with expiration of 300 seconds",
      about: [from],
    },
    {
      text: `VERBOSE[1299] res_pjsip/pjsip_configuration.c: Endpoint ${from}-ep is now Reachable`,
      about: [from],
    },
    {
      text:
        `VERBOSE[1299] res_pjsip/pjsip_options.c: Contact ${from}/sip:${from}@192.0.2.7:5060 is now Reachable.  RTT: 0.987 msec`,
      about: [from],
    },
    {
      text:
        `NOTICE[1300] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:${to}@192.0.2.9>' failed for ` +
        "'192.0.2.9:5060' (callid: 1-28318@192.0.2.9) - No matching endpoint found",
      about: [to],
    },
    {
      text: `DEBUG[1286] taskprocessor.c: Taskprocessor 'pjsip/options/${from}-00000049': Task pushed from ` +
        "res_pjsip/pjsip_scheduler.c:175 (push_to_serializer)",
      about: [],
    },
    {
      text:
        "DEBUG[1286] chan_pjsip.c: Topology: Pending: (null topology) Active: <0:audio-0:audio:sendrecv (ulaw)>",
      about: [],
    },
  ];
  return [...ofCall, ...ofPhones].map(({ text, about }) => ({ text: `[${at}] ${text}`, about }));
}

function trace(from: number, line: number): Made {
  const lines = [
    `[${
      timeOf(line)
    }] VERBOSE[1287] res_pjsip_logger.c: <--- Received SIP request (305 bytes) from UDP:192.0.2.7:5060 --->`,
    "REGISTER sip:192.0.2.1:5060 SIP/2.0\r",
    "Via: SIP/2.0/UDP 192.0.2.7:24240;branch=z9hG4bK-28318-1-0\r",
    `From: <sip:${from}-ep@192.0.2.1>;tag=28318-1\r`,
    `To: <sip:${from}@192.0.2.1>\r`,
    "Call-ID: 1-28318@192.0.2.7\r",
    "CSeq: 1 REGISTER\r",
    `Authorization: Digest username="${from}", realm="asterisk", nonce="1789/abcdef", uri="sip:192.0.2.1", ` +
    'response="0123456789abcdef0123456789abcdef"\r',
    "Content-Length: 0\r",
    "\r",
    "",
  ];
  return { text: lines.join("\n"), about: [from] };
}

/** A hundred lines a second. */
function timeOf(line: number): string {
  const seconds = Math.floor(line / 100);
  const two = (value: number) => String(value % 60).padStart(2, "0");
  return `Nov 20 ${String(10 + Math.floor(seconds / 3600)).padStart(2, "0")}:${
    two(Math.floor(seconds / 60))
  }:${two(seconds)}`;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
