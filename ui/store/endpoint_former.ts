/**
 * @module
 * Whether a name that is no endpoint's was one's: its versions are kept.
 */
import { useEffect, useState } from "preact/hooks";
import { list } from "../api.ts";
import type { ConfigVersion } from "../types.ts";

/** Between the last letter and the question. */
const TYPED_MS = 400;

/** The last that is kept of a name on one PBX; `pbx` is null where there is only one. */
export interface Former {
  pbx: string | null;
  /** When, ISO 8601. */
  at: string;
  /** It ended with a removal; otherwise it went by other ways. */
  deleted: boolean;
}

/** What the newest version of a name says; null where there is none. A change that was taken back changed nothing. */
export function formerOf(versions: readonly ConfigVersion[], pbx: string | null): Former | null {
  const last = versions.find(({ result }) => result === "saved");
  return last ? { pbx, at: last.at, deleted: last.action === "delete" } : null;
}

/** Asks each of the PBXs for the versions of a name, a moment after it was typed. */
export function useFormer(name: string, pbxs: readonly (string | null)[]): Former[] {
  const [found, setFound] = useState<Former[]>([]);
  const wanted = JSON.stringify(pbxs);
  useEffect(() => {
    setFound([]);
    if (name === "") return;
    const abort = new AbortController();
    async function ask(pbx: string | null): Promise<Former | null> {
      const path = `/api/endpoints/${encodeURIComponent(name)}/config/versions`;
      try {
        const { items } = await list<ConfigVersion>(path, { pbx, limit: 10 }, abort.signal);
        return formerOf(items, pbx);
      } catch {
        // It is told beside what matters: whoever opens the history is told why it cannot be read.
        return null;
      }
    }
    const timer = setTimeout(() => {
      void Promise.all((JSON.parse(wanted) as (string | null)[]).map(ask)).then((all) => {
        if (!abort.signal.aborted) setFound(all.filter((one) => one !== null));
      });
    }, TYPED_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [name, wanted]);
  return found;
}
