/**
 * @module
 * The list of a log's lines. It stays at the end until the reader scrolls up, then what is read stays in place whatever
 * comes below or above. Blocks far out of view are empty boxes of the same height.
 */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { locale } from "../store/preferences.ts";
import type { Hole } from "../store/endpoint_logs_holes.ts";
import type { LogBlock } from "../store/endpoint_logs_lines.ts";
import type { LogLine } from "../types.ts";
import { LogHole, type LogLook, LogRow } from "./log_line.tsx";

/** Pixels from the end within which the list takes hold of it again. */
const AT_END = 24;
/** Pixels from the start within which older lines are read. */
const NEAR_START = 600;
/** How long a turn of the wheel or a key speaks for the scrolling that follows. */
const INTENT_MS = 400;
/** How far out of view a block still has its lines. */
const NEAR = "1200px 0px";
/** Blocks at the end that always have theirs: the end is where one comes back to. */
const LIVE_BLOCKS = 3;
/** Taken for a line's height until a block has been seen. */
const LINE_PX = 22;
const UPWARD_KEYS = ["ArrowUp", "PageUp", "Home"];

/** Properties of the list. */
export interface LogListProps {
  blocks: readonly LogBlock[];
  /** Lines that are missing behind the last one. */
  tail: Hole | null;
  look: LogLook;
  label: string;
  following: boolean;
  onFollow: (following: boolean) => void;
  onNearStart: () => void;
  scroller: RefObject<HTMLDivElement | null>;
  /** Stands before the first line. */
  head: ComponentChildren;
}

/** The lines, by blocks. */
export function LogList(
  { blocks, tail, look, label, following, onFollow, onNearStart, scroller, head }: LogListProps,
) {
  const inner = useRef<HTMLDivElement>(null);
  const pinned = useRef({ top: 0, height: 0 });
  const anchor = useRef<{ row: Element; top: number } | null>(null);
  const intent = useRef(-Infinity);
  const follows = useRef(following);
  follows.current = following;

  function settle() {
    const box = scroller.current;
    if (!box) return;
    if (follows.current) {
      box.scrollTop = box.scrollHeight;
      pinned.current = { top: box.scrollTop, height: box.scrollHeight };
    } else if (anchor.current?.row.isConnected) {
      const moved = anchor.current.row.getBoundingClientRect().top - anchor.current.top;
      if (Math.abs(moved) > 0.5) box.scrollTop += moved;
    }
  }
  useLayoutEffect(settle);
  useEffect(() => {
    // A block that comes into view is seldom as tall as it was taken for.
    const watch = new ResizeObserver(settle);
    watch.observe(inner.current!);
    watch.observe(scroller.current!);
    return () => watch.disconnect();
  }, []);

  function noteAnchor(box: HTMLDivElement) {
    const { left, top } = box.getBoundingClientRect();
    const row = document.elementFromPoint(left + 40, top + 4)?.closest(".log-line") ??
      inner.current?.querySelector(".log-line") ?? null;
    anchor.current = row && { row, top: row.getBoundingClientRect().top };
  }

  function onScroll(event: Event) {
    const box = scroller.current;
    // The browser tells of a scroll a frame later, when the page may be another one.
    if (!box) return;
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (left <= AT_END) {
      if (!follows.current) onFollow(true);
      return;
    }
    if (follows.current) {
      // Lines that come and go move the list too: only a move that nothing else explains is the reader's.
      const alone = box.scrollHeight === pinned.current.height && box.scrollTop < pinned.current.top - 2;
      if (!alone && event.timeStamp - intent.current > INTENT_MS) return;
      follows.current = false;
      onFollow(false);
    }
    noteAnchor(box);
    if (box.scrollTop < NEAR_START) onNearStart();
  }

  function meant(event: Event) {
    intent.current = event.timeStamp;
  }

  return (
    <div
      ref={scroller}
      class={`log-scroller scope-${look.scope.kind}${look.wrap ? " is-wrapped" : ""}`}
      tabIndex={0}
      role="region"
      aria-label={label}
      data-testid="log-list"
      onScroll={onScroll}
      onWheel={(event) => event.deltaY < 0 && meant(event)}
      onTouchMove={meant}
      onKeyDown={(event) => UPWARD_KEYS.includes(event.key) && meant(event)}
      onPointerDown={(event) => {
        // On the scrollbar it is the scroller itself that is pressed.
        if (event.target === scroller.current) intent.current = Infinity;
      }}
      onPointerUp={meant}
    >
      {head}
      <div ref={inner} class="log-lines" role="log" aria-live="off">
        {blocks.map((block, index) => (
          <Block
            key={block.key}
            block={block}
            look={look}
            live={index >= blocks.length - LIVE_BLOCKS}
            scroller={scroller}
          />
        ))}
        {tail && <LogHole hole={tail} look={look} />}
      </div>
    </div>
  );
}

interface BlockProps {
  block: LogBlock;
  look: LogLook;
  /** It has its lines wherever it is. */
  live: boolean;
  scroller: RefObject<HTMLDivElement | null>;
}

function Block({ block, look, live, scroller }: BlockProps) {
  const box = useRef<HTMLDivElement>(null);
  const height = useRef(block.lines.length * LINE_PX);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => {
      const last = entries.at(-1)!;
      // What is still filled is as tall as it will be needed when it is not.
      if (!last.isIntersecting && box.current?.firstChild) height.current = last.boundingClientRect.height;
      setNear(last.isIntersecting);
    }, { root: scroller.current, rootMargin: NEAR });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const filled = near || live;
  return (
    <div ref={box} class="log-block" style={{ height: filled ? "auto" : `${height.current}px` }}>
      {filled && <Rows block={block} look={look} />}
    </div>
  );
}

/**
 * What reads a signal and has no state is drawn again only for other properties (@preact/signals). Elements kept for the
 * next time would do the same, but each holds the whole tree that it was first drawn in.
 */
function Rows({ block, look }: { block: LogBlock; look: LogLook }) {
  const language = locale.value;
  let before = block.dayBefore;
  return block.lines.map((line) => {
    const hole = block.holes.get(line.id);
    const day = dayOf(line);
    const isNew = day !== "" && day !== before;
    if (day !== "") before = day;
    return [
      hole && <LogHole key={`hole ${line.id}`} hole={hole} look={look} />,
      isNew && <div key={`day ${line.id}`} class="log-day">{dayName(line, language)}</div>,
      <LogRow key={line.id} line={line} look={look} />,
    ];
  });
}

/** The local day of a line; empty where its time is not known. */
export function dayOf(line: LogLine): string {
  return line.timestamp === null ? "" : new Date(line.timestamp).toDateString();
}

function dayName(line: LogLine, language: string): string {
  return new Date(line.timestamp!).toLocaleDateString(language === "en" ? "en-GB" : language, {
    weekday: "long",
    day: "numeric",
    month: "long",
  });
}
