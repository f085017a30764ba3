/**
 * @module
 * Keeps aedes safe from what a socket delivers on Deno: its parser is not entered twice, and a packet that announces
 * more than the cap ends the connection before it is read.
 */
import type { Socket } from "node:net";
import type { Client } from "aedes";

/** The parser and the reading pass are private to aedes 1.2.0; it is pinned, and tests/actors/mqtt hold us to it. */
interface Internals {
  _parser: { parse(bytes: Uint8Array): unknown };
}

/** Stops and starts the reading of a guarded socket. */
export interface Gate {
  pause(): void;
  resume(): void;
}

/**
 * Guards a client just handed to aedes. The gate it returns is to be used instead of aedes' own `pause()`, which
 * loses count of the packets it has finished meanwhile and then never reads again.
 *
 * On Deno `socket.read()` may return new bytes while the parser is still working on the last ones; parsing those then
 * breaks the frame (`Invalid header flag bits`). So it reads nothing meanwhile, and is asked to read again after.
 */
export function guardStream(
  client: Client,
  socket: Socket,
  options: { maxPacket: number; onOversize: () => void },
): Gate {
  const { _parser: parser } = client as unknown as Internals;
  const frames = new FrameLimit(options.maxPacket);
  const read = socket.read.bind(socket);
  const parse = parser.parse.bind(parser);
  let parsing = false;
  let paused = false;
  let again = false;
  const readAgain = () => {
    if (!again || paused) return;
    again = false;
    setImmediate(() => socket.emit("readable"));
  };
  socket.read = (size?: number) => {
    if (!parsing && !paused) return read(size);
    again = true;
    return null;
  };
  parser.parse = (bytes: Uint8Array) => {
    if (!frames.allows(bytes)) {
      options.onOversize();
      socket.destroy();
      return 0;
    }
    parsing = true;
    try {
      return parse(bytes);
    } finally {
      parsing = false;
      // Also when nobody asked: after a chunk that ends in the middle of a packet no event tells of the next one.
      again = true;
      readAgain();
    }
  };
  return {
    pause: () => void (paused = true),
    resume: () => {
      paused = false;
      readAgain();
    },
  };
}

/** Follows the lengths that MQTT frames announce (MQTT 3.1.1 §2.2.3), across chunks. */
export class FrameLimit {
  readonly #max: number;
  /** Bytes of the present frame's body still to come. */
  #body = 0;
  /** Bytes of the present length field seen; -1 while the first byte of a frame is awaited. */
  #digits = -1;
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** False when a frame in these bytes announces more than the cap, or a length that is none. */
  allows(bytes: Uint8Array): boolean {
    let i = 0;
    while (i < bytes.length) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, bytes.length - i);
        this.#body -= skipped;
        i += skipped;
      } else if (this.#digits < 0) {
        this.#digits = 0;
        this.#length = 0;
        i++;
      } else {
        const byte = bytes[i++]!;
        this.#length += (byte & 0x7f) * 128 ** this.#digits++;
        if (byte & 0x80) {
          if (this.#digits >= 4) return false;
          continue;
        }
        if (this.#length > this.#max) return false;
        this.#body = this.#length;
        this.#digits = -1;
      }
    }
    return true;
  }
}
