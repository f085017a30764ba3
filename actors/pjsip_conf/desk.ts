/**
 * @module
 * The desk where endpoints' configuration is read and changed: who asks gets what they may see, and a change is checked,
 * recorded, written, verified, and taken back when Asterisk does not take it. One change at a time for each PBX.
 */
import { findVersion, listVersions } from "../../db/pjsip_versions.ts";
import type {
  ConfigChangeView,
  ConfigVersionView,
  EndpointConfigView,
} from "../../machines/endpoint_views.ts";
import { amiSource } from "./ami_source.ts";
import { type LoadedConf, ownBlocks, textOf } from "./apply.ts";
import { carryOut, type Outcome, show } from "./carry_out.ts";
import { typeOf } from "./categories.ts";
import { creatables, type CreatableValues, createSections } from "./creatable.ts";
import type { ChangeOptions, ConfigBy, ConfigDeskOptions, ConfigTemplatesView } from "./desk_types.ts";
import { fileSource } from "./file_source.ts";
import { formProblems, formText, type SectionInput, sectionText } from "./form.ts";
import { checkValues, creatable, noForm, ownSections, settingsNote, whyRefused } from "./form_checks.ts";
import { findGroup, GROUP_TYPES, type GroupType, usersOfTemplate } from "./group.ts";
import { ConfigHistory, type Settled, type Texts } from "./history.ts";
import { addShown, type KnownOptions, knownOptions } from "./options.ts";
import { planChange, type Wanted } from "./plan.ts";
import { recover } from "./recovery.ts";
import { ConfigRefused, notFound } from "./refusal.ts";
import type { ConfSource } from "./source.ts";
import { asSentence, problem, touched } from "./validate.ts";
import { configView, versionView, whyNotEditable } from "./views.ts";

export { ConfigRefused } from "./refusal.ts";
export type { RefusalKind } from "./refusal.ts";
export type { SectionInput } from "./form.ts";
export type { Creatable, CreatableField, CreatableValues } from "./creatable.ts";

export type * from "./desk_types.ts";

/** GetConfig of a large PBX takes longer than other actions. */
const DEADLINE_MS = 20_000;
/** Changes of one PBX that may wait for another. */
const MOST_WAITING = 10;
/** Endpoints that are looked at after a template was changed. */
const MOST_VERIFIED = 20;

interface Asked extends Wanted {
  exists: "must" | "must-not" | "may";
  revision: string | null;
  why: string;
  dryRun: boolean;
  by: ConfigBy;
}

/** Holds the queues of changes. */
export class ConfigDesk {
  readonly #options: ConfigDeskOptions;
  readonly #history: ConfigHistory;
  readonly #queues = new Map<string, { last: Promise<unknown>; waiting: number }>();
  readonly #versions = new Map<string, string>();
  /** PBXs of which no change waits to be seen to its end. */
  readonly #settled = new Set<string>();
  /** PBXs whose file was looked at. */
  readonly #looked = new Set<string>();

  constructor(options: ConfigDeskOptions) {
    this.#options = options;
    this.#history = new ConfigHistory(options);
  }

  /** The configuration of an endpoint or a template. @throws ConfigRefused `not-found`, `not-editable`, `link-down` */
  async view(pbx: string, name: string, options: { masked: boolean }): Promise<EndpointConfigView> {
    const conf = await this.#source(pbx).load();
    const group = findGroup(conf.categories, name);
    if (group === null) throw notFound(name);
    return configView(conf, group, { pbx, masked: options.masked, known: await this.#known(pbx, name) });
  }

  /** What can be created on a PBX, and its templates. @throws ConfigRefused `not-editable`, `link-down` */
  async templates(pbx: string): Promise<ConfigTemplatesView> {
    const conf = await this.#source(pbx).load();
    return {
      creatable: creatables(conf.categories),
      templates: conf.categories.all.filter((one) => one.template && isGroupType(typeOf(one) ?? null)).map((
        one,
      ) => ({
        name: one.name,
        type: typeOf(one) ?? null,
        used_by: usersOfTemplate(conf.categories, one.name),
      })),
      editable: conf.notEditable === null,
      not_editable_reason: conf.notEditable,
    };
  }

  /**
   * Makes a new endpoint, from a template's values or from text; of text also a new template.
   *
   * @throws ConfigRefused, DatabaseAway
   */
  create(
    pbx: string,
    name: string,
    change: { template: string; values: CreatableValues } | { text: string },
    options: { why: string; dryRun: boolean; by: ConfigBy; masked?: boolean },
  ): Promise<ConfigChangeView> {
    return this.#change(pbx, name, {
      action: "create",
      exists: "must-not",
      revision: null,
      ...options,
      masked: options.masked ?? false,
      problems: (conf) => "text" in change ? [] : checkValues(conf, name, change),
      notes: (conf) => "text" in change ? [] : settingsNote(conf, name, change),
      text: (conf) =>
        "text" in change
          ? change.text
          : createSections(creatable(conf, change.template), name, change.values).map(sectionText).join("\n"),
    });
  }

  /** Changes the sections of a name, by text or by form. @throws ConfigRefused, DatabaseAway */
  change(
    pbx: string,
    name: string,
    change: { text: string } | { sections: readonly SectionInput[] },
    options: ChangeOptions,
  ): Promise<ConfigChangeView> {
    return this.#change(pbx, name, {
      action: "edit",
      exists: "must",
      ...options,
      masked: false,
      problems: (conf, group) =>
        "text" in change ? [] : [...noForm(conf, group!, change.sections), ...formProblems(change.sections)],
      text: (conf, group) => {
        if ("text" in change) return change.text;
        const sections = ownSections(conf, group!, change.sections);
        return formText(sections, conf.main.document, ownBlocks(conf, group!));
      },
    });
  }

  /** Takes a name's sections away, but for those that others use too. @throws ConfigRefused, DatabaseAway */
  remove(pbx: string, name: string, options: ChangeOptions): Promise<ConfigChangeView> {
    return this.#change(pbx, name, {
      action: "delete",
      exists: "must",
      ...options,
      masked: false,
      text: () => "",
    });
  }

  /** Brings back what a version had written. @throws ConfigRefused, DatabaseAway */
  async rollback(
    pbx: string,
    name: string,
    options: ChangeOptions & { version: string },
  ): Promise<ConfigChangeView> {
    const row = await this.#options.database.query((sql) =>
      findVersion(sql, { pbx, name, id: options.version })
    );
    if (row === null) {
      throw new ConfigRefused("not-found", `There is no version ${options.version.slice(0, 40)} of ${name}`);
    }
    return await this.#change(pbx, name, {
      action: "rollback",
      exists: "may",
      ...options,
      masked: false,
      text: () => row.text_after,
    });
  }

  /** What was written for a name, newest first; `before` is the `next` of the page before. @throws DatabaseAway */
  async versions(
    pbx: string,
    name: string,
    { limit, before, masked }: { limit: number; before?: string | undefined; masked: boolean },
  ): Promise<{ items: ConfigVersionView[]; next: string | null }> {
    const rows = await this.#options.database.query(async (sql) => {
      const last = before === undefined ? null : await findVersion(sql, { pbx, name, id: before });
      if (before !== undefined && last === null) return [];
      const after = last === null ? undefined : { at: last.at.toISOString(), id: last.id };
      return await listVersions(sql, { pbx, name }, { limit: limit + 1, after });
    });
    const items = rows.slice(0, limit);
    return {
      items: items.map((row) => versionView(row, masked)),
      next: rows.length > limit ? items.at(-1)!.id : null,
    };
  }

  /**
   * Has Asterisk load what changes left undone when the link, the database or Doorline went down, and notes what became
   * of them. To be called when the link to a PBX is up; it may be called at any time.
   */
  async linkUp(pbx: string): Promise<void> {
    await this.#look(pbx);
    // After the change that may be under way.
    await this.#queued(pbx, () => this.#recover(pbx), Infinity);
  }

  /** Logs, once, which of the configured files cannot be read or written. To be called at the start. */
  async check(): Promise<void> {
    for (const pbx of this.#options.pbxs ?? []) await this.#look(pbx);
  }

  async #look(pbx: string): Promise<void> {
    const path = this.#options.confPath(pbx);
    if (path === null || this.#looked.has(pbx)) return;
    this.#looked.add(pbx);
    const reason = await fileSource(path).load().then((conf) => conf.notEditable, messageOf);
    if (reason === null) return;
    this.#options.log.warn({ pbx, path, reason }, "The pjsip.conf of DOORLINE_PJSIP_CONF cannot be changed");
  }

  async #recover(pbx: string): Promise<void> {
    const { log, onSaved } = this.#options;
    await this.#history.catchUp();
    if (this.#settled.has(pbx)) return;
    try {
      const names = await recover(pbx, {
        history: this.#history,
        source: this.#source(pbx),
        act: this.#act(pbx),
        list: this.#list(pbx),
        known: (name) => this.#known(pbx, name),
        log,
      });
      this.#settled.add(pbx);
      for (const name of names) onSaved?.(pbx, name);
    } catch (error) {
      log.error(
        { pbx, error: messageOf(error) },
        "Whether Asterisk owes a reload could not be found out yet",
      );
    }
  }

  #change(pbx: string, name: string, wanted: Asked): Promise<ConfigChangeView> {
    const refusal = whyRefused(name, wanted.why);
    if (refusal !== null) return Promise.reject(refusal);
    return wanted.dryRun ? this.#transact(pbx, name, wanted) : this.#queued(pbx, async () => {
      await this.#recover(pbx);
      return await this.#transact(pbx, name, wanted);
    });
  }

  async #transact(pbx: string, name: string, wanted: Asked): Promise<ConfigChangeView> {
    const source = this.#source(pbx);
    const conf = await source.load();
    const group = findGroup(conf.categories, name);
    if (group === null && wanted.exists === "must") throw notFound(name);
    if (group !== null && wanted.exists === "must-not") {
      throw new ConfigRefused("exists", `There is a configuration of ${name} already`);
    }
    const reason = whyNotEditable(conf, group);
    if (reason !== null) throw new ConfigRefused("not-editable", reason);
    // What is brought back from nothing was looked at in no revision.
    const unseen = wanted.revision === null || group === null && wanted.revision === "";
    if (!unseen && wanted.revision !== conf.revision) {
      throw new ConfigRefused("conflict", "The configuration was changed meanwhile: look at it again");
    }
    const known = await this.#known(pbx, name);
    const plan = planChange({ name, conf, group, source, wanted, known });
    const problems = plan.problems.map(asSentence);
    const errors = problems.filter(({ severity }) => severity === "error");
    const view = {
      diff: plan.diff,
      problems,
      result: "checked" as const,
      needs_restart: null,
      failure: null,
      version: null,
      revision: conf.revision,
    };
    if (wanted.dryRun) return view;
    if (errors.length > 0 || plan.next === null) {
      const kind = errors.some(({ code }) => code === "unsafe") ? "unsafe" : "invalid";
      // What is wrong is in the problems, and is not said twice.
      throw new ConfigRefused(kind, "The configuration cannot be written as it is", problems);
    }
    if (textOf(conf) === textOf(plan.next)) return { ...view, result: "saved" };
    const names = group?.kind === "template" || findGroup(plan.next.categories, name)?.kind === "template"
      ? touched(plan.next, name).slice(0, MOST_VERIFIED).map((one) => one.name)
      : [name];
    const { outcome, version } = await this.#write(pbx, name, {
      source,
      before: conf,
      after: plan.next,
      names,
      known,
      texts: plan.texts,
      wanted,
    });
    return {
      ...view,
      problems: [
        ...problems,
        ...outcome.unseen.map((message) => asSentence(problem("not_seen", message, {}, "warning"))),
      ],
      result: outcome.result,
      needs_restart: outcome.needsRestart,
      failure: outcome.failure,
      version,
      revision: outcome.revision,
    };
  }

  async #write(pbx: string, name: string, given: {
    source: ConfSource;
    before: LoadedConf;
    after: LoadedConf;
    names: string[];
    known: KnownOptions;
    texts: Texts;
    wanted: Asked;
  }): Promise<{ outcome: Outcome; version: string }> {
    const { wanted, texts, source, ...rest } = given;
    // Finds out that nobody is there before a version says that something was written.
    await show(this.#list(pbx), name);
    const version = await this.#history.record(pbx, name, { wanted, texts });
    const { action, by } = wanted;
    const settle = (what: Pick<Settled, "result" | "failure" | "texts">) =>
      this.#history.settle({ version, pbx, name, action, by, ...what });
    let outcome: Outcome;
    try {
      outcome = await carryOut({
        source,
        ...rest,
        act: this.#act(pbx),
        list: this.#list(pbx),
        clock: this.#options.clock,
      });
    } catch (error) {
      await settle({ result: "none", failure: messageOf(error), texts: null });
      throw error;
    }
    if (outcome.reloadPending) this.#settled.delete(pbx);
    const { result, failure } = outcome;
    await settle({ result, failure, texts: result === "saved" ? null : texts });
    this.#options.log.info({ pbx, name, action, version, result, failure }, "Configuration was changed");
    for (const one of new Set([name, ...rest.names])) this.#options.onSaved?.(pbx, one);
    return { outcome, version };
  }

  async #known(pbx: string, name: string): Promise<KnownOptions> {
    try {
      const version = (await this.#act(pbx)("CoreSettings")).asteriskversion;
      if (version !== undefined) this.#versions.set(pbx, version);
      const known = knownOptions(this.#versions.get(pbx) ?? null);
      addShown(known, await show(this.#list(pbx), name) ?? []);
      return known;
    } catch {
      // Who cannot be asked is taken for what it was.
      return knownOptions(this.#versions.get(pbx) ?? null);
    }
  }

  async #queued<T>(pbx: string, run: () => Promise<T>, most = MOST_WAITING): Promise<T> {
    const queue = this.#queues.get(pbx) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= most) {
      throw new ConfigRefused("conflict", `Other changes are under way on ${pbx}: try again`);
    }
    this.#queues.set(pbx, queue);
    queue.waiting++;
    const turn = queue.last.then(run, run);
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queue.waiting--;
      if (queue.waiting === 0) this.#queues.delete(pbx);
    }
  }

  #source(pbx: string): ConfSource {
    const path = this.#options.confPath(pbx);
    return path === null ? amiSource(this.#act(pbx)) : fileSource(path);
  }

  #act(pbx: string) {
    return (action: string, fields: Record<string, string> = {}) =>
      this.#options.ami.action(pbx, action, fields, { deadlineMs: DEADLINE_MS });
  }

  #list(pbx: string) {
    return (action: string, fields: Record<string, string> = {}) =>
      this.#options.ami.list(pbx, action, fields, { deadlineMs: DEADLINE_MS });
  }
}

function isGroupType(type: string | null): type is GroupType | null {
  return type === null || (GROUP_TYPES as readonly string[]).includes(type);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
