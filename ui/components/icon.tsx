/**
 * @module
 * Icons of one set (lucide), drawn as elements: nothing is put in as HTML.
 */
import { h } from "preact";
import type { IconNode } from "lucide";

/** Draws an icon. It says nothing to a screen reader: the word beside it does. `size` is in pixels. */
export function Icon({ of, size = 16 }: { of: IconNode; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={size > 18 ? 1.75 : 2}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {of.map(([tag, attributes], index) => h(tag, { key: index, ...attributes }))}
    </svg>
  );
}
