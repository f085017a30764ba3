/**
 * @module
 * The endpoints as cards, as many beside each other as there is room for, and quick with 5,000 of them.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { VirtualList, type VirtualListHandle } from "../components/virtual_list.tsx";
import { t } from "../i18n/translate.ts";
import { endpoints } from "../store/live.ts";
import { useCramped } from "../store/media.ts";
import { EndpointCard } from "./endpoints_card.tsx";

/** A card with the gap under it, as in the styles. */
const CARD = 164;
/** Narrower cards would cut the address of a contact. */
const CARD_WIDTH = 300;

/** Properties of a view of the fleet. */
export interface FleetProps {
  keys: string[];
  selected: string | null;
  onSelect: (key: string) => void;
  handle: { current: VirtualListHandle | null };
  /** How many stand in a line. */
  perLine: { current: number };
}

/** The cards. */
export function EndpointCards({ keys, selected, onSelect, handle, perLine }: FleetProps) {
  const room = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(1);
  useLayoutEffect(() => {
    const measure = () => setColumns(Math.max(1, Math.floor((room.current?.clientWidth ?? 0) / CARD_WIDTH)));
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(room.current!);
    return () => watcher.disconnect();
  }, []);
  perLine.current = columns;
  const cramped = useCramped();
  const lines = Math.ceil(keys.length / columns);
  return (
    <div class="endpoint-cards" ref={room}>
      <VirtualList
        label={t("page.endpoints")}
        within={cramped ? ".endpoints-page" : undefined}
        count={lines}
        rowHeight={CARD}
        keyOf={(line) => String(line)}
        handle={handle}
        row={(line, top) => (
          <div
            key={line}
            class="endpoint-cards-line"
            role="presentation"
            style={{
              transform: `translateY(${top}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {keys.slice(line * columns, (line + 1) * columns).map((key, at) => {
              const endpoint = endpoints.value.get(key);
              return endpoint && (
                <EndpointCard
                  key={key}
                  endpoint={endpoint}
                  index={line * columns + at}
                  count={keys.length}
                  selected={key === selected}
                  onSelect={onSelect}
                />
              );
            })}
          </div>
        )}
      />
    </div>
  );
}
