/**
 * @module
 * A configuration as it is read, the draft of its change, and what the service thinks of the draft while one types.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConfigChange, ConfigProblem, EndpointConfig } from "../types.ts";
import { act, type ConfigAct, type ConfigPlace, problemsOf, readConfig } from "./endpoint_config_api.ts";

/** Between the last letter and the question what is wrong with it. */
const TYPED_MS = 500;

/** A configuration as far as it is known. */
export interface ReadConfig {
  config: EndpointConfig | null;
  busy: boolean;
  error: unknown;
  reload: () => void;
  /** Takes what is known by another way. */
  replace: (config: EndpointConfig) => void;
}

/** What the service thinks of a draft. */
export interface Check {
  /** The last answer; it may be older than the draft while `busy`. */
  change: ConfigChange | null;
  problems: ConfigProblem[];
  busy: boolean;
  /** Why nothing can be said; never that something is wrong in the text. */
  error: unknown;
}

/** Reads a configuration, and again when asked to. */
export function useConfig({ name, pbx }: ConfigPlace): ReadConfig {
  const [state, setState] = useState<Omit<ReadConfig, "reload" | "replace">>({
    config: null,
    busy: true,
    error: null,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState((now) => ({ ...now, busy: true, error: null }));
    readConfig({ name, pbx }, abort.signal).then(
      (config) => setState({ config, busy: false, error: null }),
      (error) => {
        if (!abort.signal.aborted) setState((now) => ({ ...now, busy: false, error }));
      },
    );
    return () => abort.abort();
  }, [name, pbx, round]);
  return {
    ...state,
    reload: () => setRound((n) => n + 1),
    replace: (config) => setState({ config, busy: false, error: null }),
  };
}

const UNCHECKED: Check = { change: null, problems: [], busy: false, error: null };

/** Asks what a change would do, a moment after the last letter. Null asks nothing. */
export function useCheck(place: ConfigPlace, what: ConfigAct | null): Check {
  const [state, setState] = useState<Check>(UNCHECKED);
  const wanted = JSON.stringify(what);
  const asked = useRef(false);
  useEffect(() => {
    const what = JSON.parse(wanted) as ConfigAct | null;
    if (what === null) {
      asked.current = false;
      setState(UNCHECKED);
      return;
    }
    const abort = new AbortController();
    setState((now) => ({ ...now, busy: true }));
    async function ask(what: ConfigAct) {
      try {
        const change = await act(place, what, { dryRun: true, signal: abort.signal });
        setState({ change, problems: change.problems, busy: false, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        const problems = problemsOf(error);
        setState({ change: null, problems, busy: false, error: problems.length ? null : error });
      }
    }
    const timer = setTimeout(() => void ask(what), asked.current ? TYPED_MS : 0);
    asked.current = true;
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [place.name, place.pbx, wanted]);
  return state;
}
