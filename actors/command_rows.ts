/**
 * @module
 * Translates a door command's actor into what is shown and what is stored, and back. No state of its own.
 */
import type { StoredCommand } from "../db/door_commands.ts";
import type { CommandRow } from "../db/rows.ts";
import type { DoorCommandContext } from "../machines/door_command.ts";
import type { CommandView } from "../machines/views.ts";
import { type Clock, toIso } from "./clock.ts";

/** Who asked for a door to be opened, and from where. */
export interface Requester {
  id: number;
  name: string;
  address: string | null;
}

/** The command as it is shown. */
export function commandView(context: DoorCommandContext, by: Requester, clock: Clock): CommandView {
  const { times } = context;
  return {
    id: context.id,
    mac: context.mac,
    apartment: context.apartment,
    status: context.status,
    requested_by: { id: by.id, name: by.name },
    issued_at: toIso(clock, times.issuedAt),
    expires_at: toIso(clock, times.expiresAt),
    sent_at: toIso(clock, times.sentAt),
    confirmed_at: toIso(clock, times.confirmedAt),
    closed_at: toIso(clock, times.closedAt),
    late: context.late,
    failed_reason: context.failedReason,
  };
}

/** The command as it is stored. */
export function commandRow(
  context: DoorCommandContext,
  held: { requester: Requester; idempotencyKey: string | null; sha256: string; clock: Clock },
): CommandRow {
  const { requested_by, ...view } = commandView(context, held.requester, held.clock);
  return {
    ...view,
    requested_by: requested_by.id,
    requested_by_name: requested_by.name,
    requested_from: held.requester.address,
    idempotency_key: held.idempotencyKey,
    request_sha256: held.sha256,
  };
}

/** A stored command as it is shown. */
export function viewOfRow(row: StoredCommand): CommandView {
  return {
    id: row.id,
    mac: row.mac,
    apartment: row.apartment,
    status: row.status,
    requested_by: { id: row.requested_by, name: row.requested_by_name },
    issued_at: row.issued_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    sent_at: row.sent_at?.toISOString() ?? null,
    confirmed_at: row.confirmed_at?.toISOString() ?? null,
    closed_at: row.closed_at?.toISOString() ?? null,
    late: row.late,
    failed_reason: row.failed_reason,
  };
}

/** A stored command as its machine's context. */
export function contextOfRow(row: StoredCommand, clock: Clock): DoorCommandContext {
  const time = (at: Date | null) => at === null ? null : clock.fromWall(at.getTime());
  return {
    id: row.id,
    mac: row.mac,
    apartment: row.apartment,
    status: row.status,
    late: row.late,
    failedReason: row.failed_reason,
    times: {
      at: clock.now(),
      issuedAt: clock.fromWall(row.issued_at.getTime()),
      expiresAt: clock.fromWall(row.expires_at.getTime()),
      sentAt: time(row.sent_at),
      confirmedAt: time(row.confirmed_at),
      closedAt: time(row.closed_at),
    },
  };
}
