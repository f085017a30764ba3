/**
 * @module
 * The file in the data directory by which commands on the same machine find the running service and come in: who
 * may read it may read the database as well. It holds for one run, and goes with it.
 */

/** What commands need to know of the running service. */
export interface Control {
  pid: number;
  /** Base of the HTTP API. */
  url: string;
  /** Bearer token that acts for the first administrator. */
  token: string;
  /** Port of the WebSocket; 0 when only `/ws` on the HTTP port is there. */
  ws_port: number;
}

const NAME = "control.json";

/** Writes the file, for its owner alone. Returns how to remove it. */
export async function writeControl(dataDir: string, control: Control): Promise<() => Promise<void>> {
  const path = `${dataDir}/${NAME}`;
  // Whole or not at all: a command may look at any moment.
  const draft = `${path}.new`;
  await Deno.remove(draft).catch(() => {}); // of a run that was killed; its mode would stay
  await Deno.writeTextFile(draft, `${JSON.stringify(control, null, 2)}\n`, { mode: 0o600, createNew: true });
  await Deno.rename(draft, path);
  return () => Deno.remove(path).catch(() => {});
}
