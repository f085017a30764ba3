/**
 * @module
 * A running service as the guide's commands see it: found by the file that it leaves in its data directory, asked
 * over HTTP. It knows nothing of how the service is made.
 */

/** What the service leaves for commands on the same machine. */
export interface Control {
  pid: number;
  url: string;
  token: string;
  ws_port: number;
}

/** Logins of the guide's people, with passwords that were made up for this data directory. */
export interface GuidePeople {
  [login: string]: { password: string };
}

/** The service said no. The message is what it said. */
export class Refused extends Error {
  override name = "Refused";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** The data directory of the service that is meant. */
export function dataDir(): string {
  return Deno.env.get("DOORLINE_DATA_DIR") || "./data";
}

/** The running service, or null when none answers. */
export async function findService(): Promise<Control | null> {
  const text = await Deno.readTextFile(`${dataDir()}/control.json`).catch(() => null);
  if (text === null) return null;
  const control = JSON.parse(text) as Control;
  // The file of a service that was killed is still there.
  const alive = await fetch(`${control.url}/livez`).then(async (answer) => {
    await answer.body?.cancel();
    return answer.ok;
  }, () => false);
  return alive ? control : null;
}

/** Asks the service as its administrator. @throws Refused with the problem's words */
export async function ask<T>(control: Control, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${control.url}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${control.token}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, `${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The guide's people, as `deno task seed` left them; empty before. */
export async function readPeople(): Promise<GuidePeople> {
  const text = await Deno.readTextFile(`${dataDir()}/guide.json`).catch(() => "{}");
  return JSON.parse(text) as GuidePeople;
}

/** Keeps the passwords, for their owner alone. */
export async function writePeople(people: GuidePeople): Promise<void> {
  const path = `${dataDir()}/guide.json`;
  await Deno.writeTextFile(path, `${JSON.stringify(people, null, 2)}\n`, { mode: 0o600 });
  await Deno.chmod(path, 0o600);
}
