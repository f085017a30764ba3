/**
 * @module
 * MQTT 3.1.1 packets as bytes, for tests that have to send what no library would.
 */

const utf8 = new TextEncoder();

/** A CONNECT with a clean session and no credentials, keep-alive off. */
export function connectPacket(clientId: string): Uint8Array {
  return packet(0x10, text("MQTT"), Uint8Array.of(4, 2, 0, 0), text(clientId));
}

/** A PUBLISH; `id` is the packet identifier, which QoS 0 has none of. */
export function publishPacket(
  topic: string,
  payload: Uint8Array,
  { qos, id = 1 }: { qos: 0 | 1; id?: number },
): Uint8Array {
  const identifier = qos === 0 ? new Uint8Array() : Uint8Array.of(id >> 8, id & 0xff);
  return packet(0x30 | (qos << 1), text(topic), identifier, payload);
}

/** Several byte arrays as one. */
export function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function packet(type: number, ...parts: Uint8Array[]): Uint8Array {
  const body = join(...parts);
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return join(Uint8Array.of(type), Uint8Array.from(length), body);
}

function text(value: string): Uint8Array {
  const bytes = utf8.encode(value);
  return join(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}
