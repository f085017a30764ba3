/**
 * @module
 * The shapes that the configuration desk is asked with and made of.
 */
import type { Database } from "../../db/client.ts";
import type { AmiFields, AmiPacket } from "../ami/packet.ts";
import type { Clock } from "../clock.ts";
import type { Role } from "../people/who.ts";
import type { Creatable } from "./creatable.ts";

/** Who changes something. */
export interface ConfigBy {
  userId: number;
  name: string;
  role: Role;
  address: string;
}

/** What a change is based on and why it is made. */
export interface ChangeOptions {
  /** Revision that was looked at. */
  revision: string;
  why: string;
  /** Checks and compares only. */
  dryRun: boolean;
  by: ConfigBy;
}

/** What can be created, and the templates that are there. */
export interface ConfigTemplatesView {
  creatable: Creatable[];
  templates: { name: string; type: string | null; used_by: string[] }[];
  editable: boolean;
  not_editable_reason: string | null;
}

/** AmiLinks, as far as it is needed. */
export interface ConfigAmi {
  action(
    pbx: string,
    action: string,
    fields?: AmiFields,
    options?: { deadlineMs?: number },
  ): Promise<AmiPacket>;
  list(
    pbx: string,
    action: string,
    fields?: AmiFields,
    options?: { deadlineMs?: number },
  ): Promise<AmiPacket[]>;
}

/** What the desk is made of. */
export interface ConfigDeskOptions {
  ami: ConfigAmi;
  /** The file of a PBX, where it is on this machine. */
  confPath: (pbx: string) => string | null;
  /** PBXs whose files `check` looks at. */
  pbxs?: readonly string[];
  database: Pick<Database, "query">;
  clock: Clock;
  log: {
    info(detail: Record<string, unknown>, message: string): void;
    warn(detail: Record<string, unknown>, message: string): void;
    error(detail: Record<string, unknown>, message: string): void;
  };
  /** An endpoint's configuration was written, or taken back: it may be read anew. */
  onSaved?: (pbx: string, name: string) => void;
}
