/**
 * @module
 * The way to one client over a WebSocket, whichever library holds it: bounds how far the client may fall behind, and
 * notices one that is gone. It knows nothing of what it carries.
 */

/** A WebSocket as a library holds it. */
export interface Wire {
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: number;
  send(text: string): void;
  /** Ends it in an orderly way, as far as the client plays along. */
  close(code: number, reason: string): void;
  /** Ends it at once. */
  terminate(): void;
  /** Asks for a sign of life; null where the runtime does that itself. */
  ping: (() => void) | null;
}

interface PipeOptions {
  wire: Wire;
  now: () => number;
  /** Bytes that a client may be behind, beyond what it was given while it kept up. */
  maxBehind: number;
  /** How long a client may take nothing at all, in milliseconds. */
  maxStallMs: number;
  pingEveryMs: number;
  /** Called when the client did not keep up. */
  onSlow: () => void;
}

/** One client's way. */
export class Pipe {
  readonly #options: PipeOptions;
  #closed = false;
  /** What was behind when it was last looked at. */
  #behind = 0;
  #allowance = 0;
  #takenAt: number;
  #pingedAt: number;
  #alive = true;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.#takenAt = this.#pingedAt = options.now();
  }

  /** Whether nothing is sent any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a frame, or lets the client go when it does not keep up. */
  send(text: string): void {
    if (this.#closed || this.#isSlow()) return;
    const { wire, now } = this.#options;
    if (this.#behind === 0) {
      this.#takenAt = now();
      // Whoever keeps up may be given any amount at one blow: dropped for that, it would come back for the same.
      this.#allowance = text.length * 3;
    }
    wire.send(text);
    this.#behind = wire.bufferedAmount;
  }

  /** Looks at how the client is; to be called each second or so. */
  look(): void {
    if (this.#closed || this.#isSlow()) return;
    const { wire, now, pingEveryMs } = this.#options;
    if (wire.ping === null || now() - this.#pingedAt < pingEveryMs) return;
    if (!this.#alive) return this.terminate();
    this.#pingedAt = now();
    this.#alive = false;
    wire.ping();
  }

  /** The client gave a sign of life. */
  heard(): void {
    this.#alive = true;
  }

  /** Ends it and says why. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.wire.close(code, reason);
  }

  /** Ends it without a word. */
  terminate(): void {
    this.#closed = true;
    this.#options.wire.terminate();
  }

  #isSlow(): boolean {
    const { wire, now, maxBehind, maxStallMs } = this.#options;
    const behind = wire.bufferedAmount;
    if (behind < this.#behind || behind === 0) this.#takenAt = now();
    this.#behind = behind;
    if (behind <= maxBehind + this.#allowance && now() - this.#takenAt < maxStallMs) return false;
    this.#options.onSlow();
    this.terminate();
    return true;
  }
}
