/**
 * @module
 * Which phones stand in one place, as far as their addresses tell.
 */
import { isIPv4, isIPv6 } from "node:net";

/** The network of an address with or without a port: /24, or /64 of IPv6. Null when it is none of these. */
export function siteOf(address: string | null): string | null {
  if (address === null) return null;
  const host = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ??
    (isIPv6(address) ? address : address.replace(/:\d+$/, ""));
  const mapped = /^::ffff:([\d.]+)$/i.exec(host)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return siteOf(mapped);
  if (isIPv4(host)) return `${host.split(".").slice(0, 3).join(".")}.0/24`;
  // One with a zone, such as `fe80::1%eth0`, is in no network that has a name elsewhere, nor in a URL.
  if (!isIPv6(host) || host.includes("%")) return null;
  // What the URL parser makes of it is the short form; the long one is cut at half.
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return `${[...front, ...Array(zeros).fill("0"), ...back].slice(0, 4).join(":")}::/64`;
}
