/**
 * @module
 * A long list of which only the visible rows exist. Rows have one height; the list scrolls itself, or with its page.
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
  /** Selector of what scrolls around the list, where that is not the list itself. */
  within?: string | undefined;
}

/** What a page may ask of its list. */
export interface VirtualListHandle {
  reveal: (index: number) => void;
}

type Options = VirtualizerOptions<HTMLDivElement, HTMLElement>;

/** Shows the rows that are in view, and a few around them. */
export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, keyOf, row, handle, onNearEnd, footer, label, role = "list", within } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const outer = () => within === undefined ? null : scroller.current?.closest<HTMLDivElement>(within) ?? null;
  const margin = useMargin(scroller, outer, within);
  const [, redraw] = useReducer<number, void>((n) => n + 1, 0);
  const options: Options = {
    count,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    getScrollElement: () => outer() ?? scroller.current,
    scrollMargin: margin,
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
  useLayoutEffect(() => list.measure(), [rowHeight, margin]);
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
      class={within === undefined ? "scroller" : "scroller is-whole"}
      tabIndex={within === undefined ? 0 : undefined}
      role={isTable ? "rowgroup" : "region"}
      aria-label={label}
    >
      <div class="scroll-space" role={isTable ? "none" : role} style={{ height: `${list.getTotalSize()}px` }}>
        {visible.map((item) => row(item.index, item.start - margin))}
      </div>
      {footer}
    </div>
  );
}

/** How far below the start of what scrolls the list begins, in pixels; it changes with what stands over it. */
function useMargin(
  list: RefObject<HTMLDivElement | null>,
  outer: () => HTMLElement | null,
  within: string | undefined,
): number {
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const around = outer();
    if (!around) return setMargin(0);
    const measure = () => {
      const from = around.getBoundingClientRect().top - around.scrollTop;
      setMargin(Math.round(list.current!.getBoundingClientRect().top - from));
    };
    measure();
    const watcher = new ResizeObserver(measure);
    for (const child of around.children) watcher.observe(child);
    watcher.observe(around);
    return () => watcher.disconnect();
  }, [within]);
  return margin;
}
