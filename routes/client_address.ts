/**
 * @module
 * Where a request really comes from: the peer's address, or what a trusted proxy says of it.
 * Anybody can write an `X-Forwarded-For`, so nobody else's is read.
 */
import { BlockList, isIP } from "node:net";
import type { Context } from "hono";
import { isAddressRange } from "../config.ts";

/** Hops of a forwarding chain that are looked at; a longer one is a forgery. */
const MAX_HOPS = 20;

/** Reads a request's origin. */
export interface ClientAddress {
  address(c: Context): string;
  isHttps(c: Context): boolean;
}

/**
 * Builds a reader that believes the given proxies: addresses or CIDR ranges.
 *
 * @throws TypeError when one of them is neither
 */
export function createClientAddress(trustProxy: string[]): ClientAddress {
  const proxies = new BlockList();
  for (const entry of trustProxy) addProxy(proxies, entry);

  function isProxy(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && proxies.check(address, version === 4 ? "ipv4" : "ipv6");
  }

  return {
    address(c) {
      const peer = peerOf(c);
      if (!isProxy(peer)) return peer;
      const hops = (c.req.header("x-forwarded-for") ?? "").split(",").slice(-MAX_HOPS).map(plain);
      // Each proxy appends who it heard from, so only the end of the list is its word.
      for (const hop of hops.reverse()) {
        if (isIP(hop) === 0) return peer;
        if (!isProxy(hop)) return hop;
      }
      return peer;
    },

    isHttps(c) {
      if (isProxy(peerOf(c))) {
        const forwarded = c.req.header("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
        if (forwarded !== undefined) return forwarded === "https";
      }
      return new URL(c.req.url).protocol === "https:";
    },
  };
}

function addProxy(proxies: BlockList, entry: string): void {
  const range = entry.trim();
  if (!isAddressRange(range)) {
    throw new TypeError(`Cannot trust proxy ${JSON.stringify(entry)}: expected an address or a CIDR range`);
  }
  const [address, bits] = range.split("/") as [string, string?];
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  if (bits === undefined) proxies.addAddress(address, family);
  else proxies.addSubnet(address, Number(bits), family);
}

/** `Deno.serve` gives the peer as the second argument of its handler, which Hono keeps as `env`. */
function peerOf(c: Context): string {
  const info = c.env as { remoteAddr?: { hostname?: unknown } } | undefined;
  const hostname = info?.remoteAddr?.hostname;
  return typeof hostname === "string" ? plain(hostname) : "unknown";
}

/** An IPv4 peer of a dual-stack socket looks like `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.trim().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}
