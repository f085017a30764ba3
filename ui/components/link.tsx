/**
 * @module
 * A link to another of these pages.
 */
import type { ComponentChildren, PartialAnchorHTMLAttributes } from "preact";
import { navigate } from "../router.ts";

/** Properties of a link. */
export interface LinkProps extends Omit<PartialAnchorHTMLAttributes<HTMLAnchorElement>, "role" | "href"> {
  to: string;
  children: ComponentChildren;
}

/** A link that changes the page without a load; with a modifier key it is the browser's own. */
export function Link({ to, children, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
