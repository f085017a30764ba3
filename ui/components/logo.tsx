/**
 * @module
 * Doorline's own drawing: a door ajar on a line. The same as the favicon.
 */

/** The drawing. `size` is in pixels. */
export function Logo({ size }: { size: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="logo-ground" />
      <g class="logo-door">
        <path d="M10 25V9.5A2.5 2.5 0 0 1 12.5 7H18" fill="none" stroke-width="2.5" stroke-linecap="round" />
        <path d="M18 5.8 23 8v16.2L18 26.2z" class="logo-leaf" />
        <path d="M7 25h8" stroke-width="2.5" stroke-linecap="round" />
      </g>
      <circle cx="20" cy="16.5" r="1.3" class="logo-ground" />
    </svg>
  );
}
