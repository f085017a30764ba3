/**
 * @module
 * A long list of which only the visible rows exist. Rows have one height; the list scrolls itself.
 */
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** Properties of a long list. */
export interface VirtualListProps {
  count: number;
  /** Pixels. */
  rowHeight: number;
  keyOf: (index: number) => string;
  row: (index: number, top: number) => ComponentChildren;
  /** Brings a row into view. */
  handle?: RefObject<VirtualListHandle | null>;
  /** The end is near: more may be loaded. */
  onNearEnd?: () => void;
  /** Shown behind the last row. */
  footer?: ComponentChildren;
  label: string;
  role?: "rowgroup" | "list";
}

/** What a page may ask of its list. */
export interface VirtualListHandle {
  reveal: (index: number) => void;
}

type Options = VirtualizerOptions<HTMLDivElement, HTMLElement>;

/** Shows the rows that are in view, and a few around them. */
export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, keyOf, row, handle, onNearEnd, footer, label, role = "list" } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer<number, void>((n) => n + 1, 0);
  const options: Options = {
    count,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 8,
    onChange: () => redraw(),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => list._willUpdate());
  useLayoutEffect(() => list.measure(), [rowHeight]);
  if (handle) handle.current = { reveal: (index) => list.scrollToIndex(index) };
  const visible = list.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useLayoutEffect(() => {
    if (count > 0 && last >= count - 10) onNearEnd?.();
  }, [last, count]);
  const isTable = role === "rowgroup";
  return (
    // The keyboard has to be able to scroll it even where no row takes the focus.
    // Inside a table nothing but row groups may stand, so there the scroller itself is one.
    <div
      ref={scroller}
      class="scroller"
      tabIndex={0}
      role={isTable ? "rowgroup" : "region"}
      aria-label={label}
    >
      <div class="scroll-space" role={isTable ? "none" : role} style={{ height: `${list.getTotalSize()}px` }}>
        {visible.map((item) => row(item.index, item.start))}
      </div>
      {footer}
    </div>
  );
}
