/**
 * @module
 * Endpoints of a real Asterisk as the service shows them, beside what Asterisk itself says on another connection, and
 * phones that come and go. Builds on the ground of calls: the account is that of docs/OPERATIONS.md.
 */
import assert from "node:assert/strict";
import type { EndpointHistoryView, EndpointView } from "../../machines/endpoint_views.ts";
import { type AmiEar, openAmiEar } from "./ami_ear.ts";
import type { AsteriskVersion } from "./asterisk_chroot.ts";
import { AMI_USERS } from "./asterisk_config.ts";
import { amiUrlOf, asteriskTest, type CallGround } from "./call_ground.ts";
import { type Phone, startPhone } from "./sipp.ts";
import type { OpenStream } from "./sse.ts";
import { startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";
import { waitFor } from "./wait.ts";

/** Where the endpoints of an Asterisk are looked at. */
export interface EndpointGround extends CallGround {
  /** Between the service and AMI. */
  line: TcpProxy;
  /** The administrator's stream of endpoints and links. */
  stream: OpenStream;
  /** Asterisk's own words, until it is killed. */
  ami: AmiEar;
  /** One more phone of a number, which answers; it does not take the place of another. */
  another(number: string, options?: Parameters<typeof startPhone>[3]): Promise<Phone>;
  /** How the API shows an endpoint. */
  endpoint(name: string): Promise<EndpointView>;
  /** Waits until the API shows it so. */
  shows(
    name: string,
    what: string,
    ready: (endpoint: EndpointView) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<EndpointView>;
  history(name: string): Promise<EndpointHistoryView>;
}

/**
 * Endpoints beside the usual ones, each with what makes it peculiar: two contacts, no qualify, a qualify that is far
 * off, no AOR but a password, and an outside line that is asked and does not answer.
 */
export const PECULIAR = {
  two: "200",
  unasked: "201",
  seldom: "202",
  nowhere: "203-ep",
  dead: "dead-ep",
} as const;

/** A password that Asterisk tells whoever asks for an endpoint. */
export const CANARY = "canary-password";

const ENDPOINT = [
  "type = endpoint",
  "context = internal",
  "disallow = all",
  "allow = ulaw",
  "direct_media = no",
];

const PJSIP = [
  ...phone(PECULIAR.two, ["max_contacts = 2", "qualify_frequency = 2", "qualify_timeout = 1"]),
  ...phone(PECULIAR.unasked, ["max_contacts = 1", "remove_existing = yes"]),
  ...phone(PECULIAR.seldom, ["max_contacts = 1", "qualify_frequency = 600", "qualify_timeout = 1"]),
  "[canary]",
  "type = auth",
  "auth_type = userpass",
  "username = canary",
  `password = ${CANARY}`,
  `[${PECULIAR.nowhere}]`,
  ...ENDPOINT,
  "auth = canary",
  "[dead-line]",
  "type = aor",
  // Nobody listens there.
  "contact = sip:127.0.0.2:9",
  "qualify_frequency = 1",
  "qualify_timeout = 0.5",
  `[${PECULIAR.dead}]`,
  ...ENDPOINT,
  "aors = dead-line",
].join("\n");

function phone(number: string, aor: string[]): string[] {
  return [`[${number}]`, "type = aor", ...aor, `[${number}-ep]`, ...ENDPOINT, `aors = ${number}`];
}

/** Declares a test of the endpoints of a version of Asterisk; it is skipped, with the reason, without it. */
export function endpointTest(
  version: AsteriskVersion,
  rule: string,
  play: (ground: EndpointGround) => Promise<void>,
): void {
  let line: TcpProxy;
  asteriskTest(version, rule, {
    subject: "endpoints",
    extra: { "pjsip.conf": PJSIP },
    env: { DOORLINE_LOG_LEVEL: "debug" },
    amiUrl: async (asterisk) => {
      line = await startTcpProxy({ target: asterisk.ami.port });
      return amiUrlOf(asterisk, { port: line.port });
    },
  }, async (ground) => {
    ground.defer(() => line.stop());
    await play(await build(ground, line));
  });
}

async function build(ground: CallGround, line: TcpProxy): Promise<EndpointGround> {
  const { asterisk, admin } = ground;
  const stream = await admin.stream("endpoints,links");
  ground.defer(() => stream.close());
  const ami = await openAmiEar({ ...asterisk.ami, ...AMI_USERS.all });
  ground.defer(() => ami.close());
  const endpoint = async (name: string) => {
    const { status, body } = await admin.api("GET", `/api/endpoints/${name}`);
    assert.equal(status, 200, `${name}: ${JSON.stringify(body)}`);
    return body as EndpointView;
  };
  return {
    ...ground,
    line,
    stream,
    ami,
    another: async (number, options) => {
      const phone = await startPhone(asterisk, number, { does: "answers" }, options);
      ground.defer(() => phone.stop());
      return phone;
    },
    endpoint,
    shows: (name, what, ready, options = {}) =>
      waitFor(async () => {
        const shown = await endpoint(name);
        if (!ready(shown)) throw new Error(`it is ${wordsOf(shown)}`);
        return shown;
      }, { what: `${what} of ${name}`, ...options }),
    history: async (name) => {
      const { status, body } = await admin.api("GET", `/api/endpoints/${name}/history`);
      assert.equal(status, 200, JSON.stringify(body));
      return body as EndpointHistoryView;
    },
  };
}

/** An endpoint's state in a line, for messages. */
export function wordsOf({ status, status_reason, contacts, active_calls }: EndpointView): string {
  const where = contacts.map(({ uri, status }) => `${uri} ${status}`).join(", ");
  return `${status} ${status_reason} with [${where}] in ${active_calls.length} calls`;
}
