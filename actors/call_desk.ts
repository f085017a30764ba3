/**
 * @module
 * What people do to calls from a page: accept, reject, hang up, transfer, write a note. It says whether they may,
 * tells the PBX, and has it recorded. What becomes of the call is told by the PBX.
 */
import { monotonicFactory } from "ulid";
import { insertAudit } from "../db/audit.ts";
import { findCall, noteCall } from "../db/calls.ts";
import { type Database, DatabaseAway } from "../db/client.ts";
import type { AuditRow } from "../db/rows.ts";
import type { CallActor, CallEvent } from "../machines/call_events.ts";
import type { Leg } from "../machines/call_story.ts";
import type { CallDetailView, CallView } from "../machines/views.ts";
import { AmiNotUp, AmiRefused, AmiTimeout, AmiUnsafeValue } from "./ami/packet.ts";
import { CallRefused, NoSuchCall } from "./call_errors.ts";
import { type NumberBook, withoutCourse } from "./call_views.ts";
import type { Calls } from "./calls.ts";
import { type Clock, toIso } from "./clock.ts";
import type { Role } from "./people/who.ts";

/** Who asks for something. */
export interface CallUser {
  userId: number;
  name: string;
  role: Role;
  /** Where from. */
  address: string | null;
}

/** What the phone does when a call is accepted from a page. */
export type PhoneAnswer = "answering" | "not_supported";

/** The way to tell a PBX something. */
export interface PbxActions {
  action(pbx: string, action: string, fields: Record<string, string>): Promise<unknown>;
}

interface CallDeskOptions {
  calls: Calls;
  pbx: PbxActions;
  book: NumberBook;
  clock: Clock;
  /** For calls that are over. */
  database: Database;
}

type Found = NonNullable<ReturnType<Calls["storyOf"]>>;

/** Causes of Q.850 that a leg is hung up with. */
const NORMAL = "16";
const CALL_REJECTED = "21";
/** How long somebody who acted waits to hear that it is recorded. */
const RECORDED_MS = 3000;
const EXTENSION = /^[0-9*#]{1,20}$/;

/** Acts on calls for people. */
export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #ulid = monotonicFactory();

  constructor(options: CallDeskOptions) {
    this.#options = options;
  }

  /** Calls that go on or ended lately, newest first. */
  list(): CallView[] {
    return this.#options.calls.list();
  }

  /** A call that is in memory, or null. */
  get(id: string): CallDetailView | null {
    return this.#options.calls.get(id);
  }

  /** Whether somebody may see a call: who works with all of them, or is party to it. */
  visibleTo(call: { party_ids: readonly number[] }, who: { userId: number; role: Role }): boolean {
    return who.role !== "employee" || call.party_ids.includes(who.userId);
  }

  /**
   * Takes note that somebody takes the call that rings at their phone, and has the phone lift, where it can.
   *
   * @throws NoSuchCall, CallRefused
   * @throws DatabaseAway when it is not recorded in time; it will be
   */
  async accept(id: string, by: CallUser): Promise<{ call: CallView; phone: PhoneAnswer }> {
    const found = this.#find(id, by);
    const leg = this.#mine(found, by).find(({ state }) => state === "ringing");
    if (leg === undefined) throw this.#noneOf(found, by, "It does not ring at your phone");
    const lifting = this.#lift(found, leg);
    await this.#record(found.id, { type: "operator.accepted", at: this.#now(), by: actorOf(by, leg) }, by);
    return { call: this.#view(found.id), phone: await lifting };
  }

  /**
   * Hangs up the legs that ring at somebody's phones; others go on ringing.
   *
   * @throws NoSuchCall, CallRefused
   * @throws DatabaseAway when it is not recorded in time; it will be
   */
  async reject(id: string, by: CallUser): Promise<CallView> {
    const found = this.#find(id, by);
    const legs = this.#mine(found, by).filter(({ state }) => state === "ringing");
    if (legs.length === 0) throw this.#noneOf(found, by, "It does not ring at your phone");
    this.#mustBeUp(found);
    const at = this.#now();
    const hungUp = await this.#hangUpAll(found, legs, CALL_REJECTED);
    const uniqueids = hungUp.map((leg) => leg.id);
    const actor = actorOf(by, hungUp[0]!);
    await this.#record(found.id, { type: "operator.rejected", at, by: actor, uniqueids }, by);
    return this.#view(found.id);
  }

  /**
   * Hangs up somebody's own leg; with two parties that ends the call.
   *
   * @throws NoSuchCall, CallRefused
   * @throws DatabaseAway when it is not recorded in time; it will be
   */
  async hangup(id: string, by: CallUser): Promise<CallView> {
    const found = this.#find(id, by);
    const legs = this.#mine(found, by).filter(({ state }) => state !== "ended" && state !== "ringing");
    if (legs.length === 0) throw this.#noneOf(found, by, "You do not talk in it");
    this.#mustBeUp(found);
    const at = this.#now();
    const [leg] = await this.#hangUpAll(found, legs, NORMAL);
    await this.#record(found.id, { type: "operator.hungup", at, by: actorOf(by, leg!) }, by);
    return this.#view(found.id);
  }

  /**
   * Sends whoever somebody talks to on to another extension.
   *
   * @throws NoSuchCall, CallRefused
   * @throws DatabaseAway when it is not recorded in time; it will be
   */
  async transfer(id: string, by: CallUser, to: string): Promise<CallView> {
    const found = this.#find(id, by);
    const { book, pbx } = this.#options;
    if (!EXTENSION.test(to) || !book.isInternal(to)) {
      throw new CallRefused("bad-number", "Expected an internal number to transfer to");
    }
    const leg = this.#mine(found, by).find(({ state }) => state === "talking");
    if (leg === undefined) throw this.#noneOf(found, by, "You do not talk in it");
    this.#mustBeUp(found);
    const context = found.record.channels[leg.id]?.context?.value ?? "default";
    const at = this.#now(); // before it is done, as it was asked
    await this.#tell(() =>
      pbx.action(found.pbx, "BlindTransfer", { Channel: leg.channel, Context: context, Exten: to })
    );
    await this.#record(
      found.id,
      { type: "operator.transferred", at, by: actorOf(by, leg), to },
      by,
      { to },
    );
    return this.#view(found.id);
  }

  /**
   * Writes a note to a call, be it over or not.
   *
   * @throws NoSuchCall
   * @throws DatabaseAway when it is not recorded; of a call that goes on it will be
   */
  async note(id: string, by: CallUser, notes: string): Promise<CallView> {
    const { calls } = this.#options;
    if (calls.storyOf(id) === null) return await this.#noteOfPast(id, by, notes);
    const found = this.#find(id, by);
    await this.#record(found.id, { type: "operator.noted", at: this.#now(), notes }, by);
    return this.#view(found.id);
  }

  async #noteOfPast(id: string, by: CallUser, notes: string): Promise<CallView> {
    const { database, calls } = this.#options;
    const noted = await database.query((sql) =>
      sql.begin(async (tx) => {
        const view = await findCall(tx, id);
        if (view === null || !this.visibleTo(view, by)) return null;
        const noted = await noteCall(tx, view.id, notes);
        // It ended a moment ago, and its last row is still on its way.
        if (noted === null) {
          throw new DatabaseAway(`Cannot write to call ${view.id}: its end is not recorded yet`);
        }
        await insertAudit(tx, {
          user_id: by.userId,
          actor: by.name,
          action: "call.note",
          target: view.id,
          address: by.address,
          result: "done",
        });
        return noted;
      })
    );
    if (noted === null) throw new NoSuchCall(`There is no call ${id} that is over`);
    calls.noted(noted);
    return withoutCourse(noted);
  }

  #find(id: string, by: CallUser): Found {
    const { calls } = this.#options;
    const view = calls.get(id);
    if (view === null || !this.visibleTo(view, by)) throw new NoSuchCall(`There is no call ${id}`);
    const found = calls.storyOf(id);
    if (found === null) throw new CallRefused("over", "The call is over");
    return found;
  }

  /** As the call is shown: who talks goes on being the one who talks, whoever has the number by now. */
  #mine(found: Found, { userId }: CallUser): Leg[] {
    const own = this.#options.calls.get(found.id)?.legs.filter(({ user_id }) => user_id === userId) ?? [];
    return found.story.legs.filter((leg) => own.some(({ id }) => id === leg.id));
  }

  #noneOf(found: Found, { userId }: CallUser, why: string): CallRefused {
    if (found.story.endedAt !== null) return new CallRefused("over", "The call is over");
    const isParty = this.#view(found.id).party_ids.includes(userId);
    return isParty
      ? new CallRefused("not-ringing", why)
      : new CallRefused("not-party", "None of your numbers takes part in the call");
  }

  #mustBeUp({ pbx, isUp }: Found): void {
    if (!isUp) throw new CallRefused("link-down", `The link to Asterisk ${pbx} is down`);
  }

  /** A phone that can be told to lift takes `Event: talk` in the dialog that rings; support varies by model. */
  async #lift({ pbx, isUp }: Found, leg: Leg): Promise<PhoneAnswer> {
    if (!isUp) return "not_supported";
    try {
      await this.#options.pbx.action(pbx, "PJSIPNotify", { Channel: leg.channel, Variable: "Event=talk" });
      return "answering";
    } catch {
      return "not_supported";
    }
  }

  /** Gives the legs that were hung up; what the PBX refused is not told of the call. Throws when that is all. */
  async #hangUpAll({ pbx }: Found, legs: Leg[], cause: string): Promise<Leg[]> {
    const answers = await Promise.allSettled(
      legs.map((leg) =>
        this.#tell(() => this.#options.pbx.action(pbx, "Hangup", { Channel: leg.channel, Cause: cause }))
      ),
    );
    const hungUp = legs.filter((_, index) => answers[index]!.status === "fulfilled");
    if (hungUp.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    return hungUp;
  }

  async #tell(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      if (cause instanceof AmiNotUp || cause instanceof AmiTimeout) {
        throw new CallRefused("link-down", "Asterisk does not answer", { cause });
      }
      if (cause instanceof AmiRefused || cause instanceof AmiUnsafeValue) {
        throw new CallRefused("pbx-refused", cause.message, { cause });
      }
      throw cause;
    }
  }

  async #record(
    id: string,
    event: CallEvent,
    by: CallUser,
    detail: Record<string, unknown> = {},
  ): Promise<void> {
    const { calls, clock } = this.#options;
    const audit: AuditRow = {
      ref: this.#ulid(clock.toWall(event.at)),
      at: toIso(clock, event.at),
      user_id: by.userId,
      actor: by.name,
      action: AUDITED[event.type] ?? event.type,
      target: id,
      address: by.address,
      result: "done",
      detail,
    };
    const late = Promise.withResolvers<never>();
    const timer = clock.setTimeout(
      () => late.reject(new DatabaseAway(`Cannot record what was done to call ${id} in ${RECORDED_MS} ms`)),
      RECORDED_MS,
    );
    try {
      await Promise.race([calls.act(id, event, audit), late.promise]);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #view(id: string): CallView {
    const view = this.#options.calls.get(id);
    if (view === null) throw new NoSuchCall(`There is no call ${id}`);
    return view;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

const AUDITED: Partial<Record<CallEvent["type"], string>> = {
  "operator.accepted": "call.accept",
  "operator.rejected": "call.reject",
  "operator.hungup": "call.hangup",
  "operator.transferred": "call.transfer",
  "operator.noted": "call.note",
};

function actorOf({ userId, name }: CallUser, { number }: Leg): CallActor {
  return { userId, name, number };
}
