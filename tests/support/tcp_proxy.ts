/**
 * @module
 * A TCP proxy that breaks in the ways that networks break: refused, cut, swallowed, held up, slowed, sliced.
 * It knows no protocol.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { freePort } from "./free_port.ts";
import { waitFor } from "./wait.ts";

/** Where the proxy listens and leads. */
export interface TcpProxyOptions {
  /** A port on 127.0.0.1, or a host with a port. */
  target: number | { host: string; port: number };
  /** Default: a free one. */
  listenPort?: number;
}

/** A proxy that a test owns. Faults last until `heal`. */
export interface TcpProxy {
  port: number;
  /** Number of open connections. */
  connections(): number;
  /** Number of connections since the start, refused ones not counted. */
  accepted(): number;
  /** Bytes that reached the other side. */
  passed(): { up: number; down: number };
  /** Cuts all connections and refuses new ones, as a stopped server does. */
  down(): Promise<void>;
  /** Listens again after `down`. */
  up(): Promise<void>;
  /** Accepts, and swallows bytes both ways; nobody hears of an end. What is swallowed is gone. */
  blackHole(): void;
  /** Keeps bytes, both ways or one way, until `release`. */
  hold(direction?: "up" | "down"): void;
  /** Delivers what was held, in order, and goes on. */
  release(): void;
  /** Delivers each chunk this much later, each way. */
  latency(ms: number): void;
  /** Cuts the stream into pieces of so many bytes, each a millisecond after the one before. */
  slice(bytes: number): void;
  /** Resets all open connections (RST), and goes on accepting. */
  resetAll(): void;
  /** Ends every fault. Connections that a black hole damaged are reset. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

interface Pipe {
  from: Socket;
  to: Socket;
  direction: "up" | "down";
  held: Uint8Array[];
  /** What latency keeps, in order of its time. */
  later: { dueMs: number; act: () => void }[];
  /** True once `from` has ended and that is still to be told. */
  ended: boolean;
}

/** Between two slices, so that the other side reads them apart. */
const SLICE_GAP_MS = 1;

/** Starts a proxy that leads to the target faithfully, until told otherwise. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const target = typeof options.target === "number"
    ? { host: "127.0.0.1", port: options.target }
    : options.target;
  const pipes = new Set<Pipe>();
  const sockets = new Set<Socket>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const passed = { up: 0, down: 0 };
  const held = { up: false, down: false };
  let accepted = 0;
  let swallows = false;
  let swallowed = false;
  let latencyMs = 0;
  let sliceBytes = 0;
  let server: Server | null = null;

  function write(pipe: Pipe, bytes: Uint8Array): void {
    if (pipe.to.destroyed) return;
    passed[pipe.direction] += bytes.length;
    if (sliceBytes === 0) {
      pipe.to.write(bytes);
    } else {
      for (let at = 0; at < bytes.length; at += sliceBytes) {
        pipe.to.write(bytes.subarray(at, at + sliceBytes));
      }
    }
    // Where the other side reads slowly, the sender has to feel it.
    if (pipe.to.writableNeedDrain) {
      pipe.from.pause();
      pipe.to.once("drain", () => pipe.from.resume());
    }
  }

  function passBytes(pipe: Pipe, bytes: Uint8Array): void {
    if (sliceBytes === 0) return pass(pipe, () => write(pipe, bytes));
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes);
      // Slices written in one go would meet again in the socket's buffer.
      pass(pipe, () => write(pipe, slice), SLICE_GAP_MS);
    }
  }

  function pass(pipe: Pipe, act: () => void, gapMs = 0): void {
    if (latencyMs === 0 && gapMs === 0 && pipe.later.length === 0) return act();
    // A queue, not a timer for each: a latency that shrinks must not let bytes overtake.
    const dueMs = Math.max(performance.now() + latencyMs, (pipe.later.at(-1)?.dueMs ?? 0) + gapMs);
    pipe.later.push({ dueMs, act });
    if (pipe.later.length === 1) schedule(pipe, dueMs);
  }

  function schedule(pipe: Pipe, dueMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      pipe.later.shift()?.act();
      if (pipe.later[0]) schedule(pipe, pipe.later[0].dueMs);
    }, Math.max(0, dueMs - performance.now()));
    timers.add(timer);
  }

  function take(pipe: Pipe, bytes: Uint8Array): void {
    if (swallows) {
      swallowed = true;
    } else if (held[pipe.direction] || pipe.held.length > 0) {
      pipe.held.push(bytes);
    } else {
      passBytes(pipe, bytes);
    }
  }

  function isStuck(pipe: Pipe): boolean {
    return swallows || held[pipe.direction] || pipe.held.length > 0;
  }

  /** Tells one side that the other has ended, or was cut off. */
  function passEnd(pipe: Pipe): void {
    if (isStuck(pipe)) return;
    if (pipe.ended) pass(pipe, () => pipe.to.end());
    else if (pipe.from.destroyed) pass(pipe, () => pipe.to.destroy());
    if (pipe.from.destroyed) pipes.delete(pipe);
  }

  function deliver(pipe: Pipe): void {
    for (const bytes of pipe.held.splice(0)) passBytes(pipe, bytes);
    passEnd(pipe);
  }

  function accept(client: Socket): void {
    accepted++;
    const upstream = connect(target.port, target.host);
    const both: Pipe[] = [
      { from: client, to: upstream, direction: "up", held: [], later: [], ended: false },
      { from: upstream, to: client, direction: "down", held: [], later: [], ended: false },
    ];
    for (const pipe of both) {
      pipes.add(pipe);
      sockets.add(pipe.from);
      pipe.from.setNoDelay(true);
      pipe.from.on("data", (bytes: Uint8Array) => take(pipe, bytes));
      pipe.from.on("end", () => {
        pipe.ended = true;
        passEnd(pipe);
      });
      // An error is followed by "close", which is where it is dealt with.
      pipe.from.on("error", () => {});
      pipe.from.on("close", () => {
        sockets.delete(pipe.from);
        passEnd(pipe);
      });
    }
  }

  function cutAll(how: "destroy" | "reset"): void {
    for (const socket of [...sockets]) how === "reset" ? socket.resetAndDestroy() : socket.destroy();
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    pipes.clear();
  }

  async function listen(port: number): Promise<number> {
    const listening = createServer({ allowHalfOpen: true }, accept);
    await new Promise<void>((resolve, reject) => {
      listening.once("error", reject);
      listening.listen(port, "127.0.0.1", resolve);
    });
    server = listening;
    return (listening.address() as AddressInfo).port;
  }

  async function down(): Promise<void> {
    const closing = server;
    server = null;
    cutAll("destroy");
    if (closing !== null) await new Promise<void>((resolve) => closing.close(() => resolve()));
  }

  const port = await listen(options.listenPort ?? await freePort());

  async function up(): Promise<void> {
    // Seen once: the port was still in use just after its listener had closed.
    if (server === null) await waitFor(() => listen(port), { what: `port ${port} to be free again` });
  }

  function release(): void {
    held.up = held.down = false;
    for (const pipe of [...pipes]) deliver(pipe);
  }

  return {
    port,
    connections: () => Math.ceil(sockets.size / 2),
    accepted: () => accepted,
    passed: () => ({ ...passed }),
    down,
    up,
    blackHole: () => void (swallows = true),
    hold: (direction) => {
      if (direction !== "down") held.up = true;
      if (direction !== "up") held.down = true;
    },
    release,
    latency: (ms) => void (latencyMs = ms),
    slice: (bytes) => void (sliceBytes = bytes),
    resetAll: () => cutAll("reset"),
    heal: async () => {
      if (swallowed) cutAll("reset");
      swallows = swallowed = false;
      latencyMs = sliceBytes = 0;
      release();
      await up();
    },
    stop: down,
  };
}
