/**
 * @module
 * Whether an emulated Asterisk takes a REGISTER, and what its log says of that; now and then also the messages
 * themselves, as `pjsip set logger on` shows them.
 */
import type { Switchboard } from "./asterisk_channels.ts";
import type { Contact } from "./asterisk_contacts.ts";
import { THREADS } from "./asterisk_log.ts";
import { wholeBetween } from "./random.ts";

/** Who registers. */
export interface Claim {
  endpoint: string;
  contact: Contact;
  /** What the phone knows; default: what is right. */
  password: string | undefined;
  /** Null where none is needed. */
  right: string | null;
  board: Switchboard;
}

/** Checks a password and says so in the log. */
export function authenticates({ endpoint, contact, password, right, board }: Claim): boolean {
  if (right === null) return true;
  const { log, clock } = board.options;
  const good = password === undefined || password === right;
  if (!log) return good;
  const { at, callId } = contact;
  const place = `LocalAddress="IPV4/UDP/127.0.0.1/5060",RemoteAddress="IPV4/UDP/${at.host}/${at.port}"`;
  const say = (event: string, severity: string, more: string) => {
    const time = new Date(clock.now()).toISOString().replace("Z", "+0000");
    const message = `SecurityEvent="${event}",EventTV="${time}",Severity="${severity}",Service="PJSIP",` +
      `EventVersion="1",AccountID="${endpoint}",SessionID="${callId}",${place},${more}`;
    log.write("SECURITY", "res_security_log.c", message, { thread: THREADS.security });
  };
  say("ChallengeSent", "Informational", 'Challenge=""');
  if (good) {
    say("SuccessfulAuth", "Informational", 'UsingPassword="1"');
    return true;
  }
  log.write(
    "NOTICE",
    "res_pjsip/pjsip_distributor.c",
    `Request 'REGISTER' from '<sip:${endpoint}@127.0.0.1>' failed for '${at.host}:${at.port}' ` +
      `(callid: ${callId}) - Failed to authenticate`,
  );
  say("ChallengeResponseFailed", "Error", 'Challenge="",Response="",ExpectedResponse=""');
  return false;
}

/** Tells the log of somebody whom no endpoint fits. What he calls himself is written as he sent it. */
export function knock(user: string, host: string, { options: { log, random } }: Switchboard): void {
  const port = wholeBetween(random, 32_768, 60_999);
  const who = `'<sip:${user}@127.0.0.1>' failed for '${host}:${port}' (callid: ${user}-${port}@${host})`;
  for (const why of ["No matching endpoint found", "Failed to authenticate"]) {
    log?.write("NOTICE", "res_pjsip/pjsip_distributor.c", `Request 'REGISTER' from ${who} - ${why}`);
  }
}

/** Writes a REGISTER with its answer into the log, credentials and all. Lines within a message end with CR LF there. */
export function traceRegister(endpoint: string, contact: Contact, board: Switchboard): void {
  const { log, clock } = board.options;
  if (!log) return;
  const { aor, at, callId, uri } = contact;
  const here = `${at.host}:${at.port}`;
  const nonce = `${Math.floor(clock.now() / 1_000)}/00112233445566778899aabbccddeeff`;
  const common = [
    `Call-ID: ${callId}`,
    `From: <sip:${endpoint}@127.0.0.1>;tag=${at.port}`,
    `To: <sip:${aor}@127.0.0.1>`,
    "CSeq: 2 REGISTER",
  ];
  const say = (what: string, to: string, lines: string[]) => {
    const text = [...lines, "Content-Length: 0", "", ""].join("\r\n");
    const head = `<--- ${what} (${text.length} bytes) ${to} UDP:${here} --->\n`;
    log.write("VERBOSE", "res_pjsip_logger.c", `${head}${text}`);
  };
  say("Received SIP request", "from", [
    "REGISTER sip:127.0.0.1:5060 SIP/2.0",
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK${at.port};rport`,
    ...common,
    `Contact: <${uri}>`,
    `Expires: ${at.expiresSeconds}`,
    `User-Agent: ${at.userAgent}`,
    `Authorization: Digest username="${aor}", realm="asterisk", nonce="${nonce}", uri="sip:127.0.0.1:5060", ` +
    'response="0123456789abcdef0123456789abcdef", algorithm=MD5, qop=auth, nc=00000001, cnonce="abcdef01"',
  ]);
  say("Transmitting SIP response", "to", [
    "SIP/2.0 200 OK",
    `Via: SIP/2.0/UDP ${here};rport=${at.port};received=${at.host};branch=z9hG4bK${at.port}`,
    ...common,
    `Contact: <${uri}>;expires=${at.expiresSeconds - 1}`,
    "Server: Asterisk PBX",
  ]);
}
