import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  ArchiveBot,
  BotConfigured,
  type BotState,
  CHANNEL_TOKEN,
  type ChannelReport,
  CreateBot,
  EditBot,
  type FieldError,
  PauseBot,
  ReadBot,
  RemoveBotSecret,
  RestoreBot,
  ResumeBot,
  RollBackBot,
  SetBotSecret,
  TakeOverBot,
} from '@switchboard/contracts';
import { Clock, DomainError, type IfMatch, InvalidFields } from '@switchboard/service-kit';
import { isDeepStrictEqual } from 'node:util';
import { DataSource, type EntityManager, Not } from 'typeorm';
import { AuditLog } from '../audit/audit-log';
import { BotChecksService, pointerOf } from './bot-checks.service';
import { BotFilesService } from './bot-files.service';
import { BotNotFound, type BotView, BotViewsService } from './bot-views.service';
import { BotRow, type Description } from './bot.entity';
import { type BotChangeKind, BotRevisionRow } from './bot-revision.entity';
import { BotSecretsService, changedSecrets, type SecretChanges, sectionOf, type Secrets } from './bot-secrets.service';
import { mergePatch } from './json-documents';

export class BotExists extends DomainError {
  constructor(botId: string) {
    super('gateway.bot_exists', 'There is a bot of this id already', 409, { botId });
  }
}

export class BotDescribedByFile extends DomainError {
  constructor(botId: string) {
    super('gateway.bot_described_by_file', 'A file describes this bot: change it there, or take it over', 409, {
      botId,
    });
  }
}

export class BotArchived extends DomainError {
  constructor(botId: string) {
    super('gateway.bot_archived', 'This bot is archived: restore it first', 409, { botId });
  }
}

/** Somebody else was faster; with the bot as it is now, so that nothing that was typed has to be lost. */
export class BotChanged extends DomainError {
  constructor(bot: BotView) {
    super('gateway.bot_changed', 'Somebody changed it since you saw it', 412, { bot: ReadBot.answer.encode(bot) });
  }
}

interface NewBot {
  readonly id: string;
  readonly description: Description;
  readonly secrets: Secrets;
  readonly takenFrom?: Description | undefined;
  readonly why?: string | undefined;
}

interface Edit {
  readonly change: BotChangeKind;
  readonly describe: (present: Description) => Description;
  readonly secrets?: SecretChanges | undefined;
  readonly why?: string | undefined;
  readonly rolledBackTo?: number;
  /** Absent where whoever asks cannot be too late. */
  readonly ifMatch?: IfMatch;
  /** Where a field, or a secret, is in the body. */
  readonly pointerTo?: (pointer: string, secret: string | undefined) => string;
}

/** What a change of state makes of which state; in any other there is nothing to do. */
const TURNS: Partial<Record<BotChangeKind, Partial<Record<BotState, BotState>>>> = {
  paused: { active: 'paused' },
  resumed: { paused: 'active' },
  archived: { active: 'archived', paused: 'archived' },
};

/** By what each kind of change is asked for. */
const ROUTES = {
  ...{ created: CreateBot, taken_over: TakeOverBot, edited: EditBot, rolled_back: RollBackBot },
  ...{ paused: PauseBot, resumed: ResumeBot, archived: ArchiveBot, restored: RestoreBot },
};
const routeOf = (change: BotChangeKind, isSecretSet: boolean) =>
  change === 'secrets_changed' ? (isSecretSet ? SetBotSecret : RemoveBotSecret) : ROUTES[change];

/** In the body of a request: a field of the description, or a secret. */
const inDescription = (pointer: string, secret: string | undefined) =>
  secret === undefined ? `/description${pointer}` : `/secrets/${secret}`;

const TOKEN_POINTER = inDescription(pointerOf(CHANNEL_TOKEN), CHANNEL_TOKEN);

/**
 * The bots that the gateway keeps. Each change is checked by the services first, is a revision in the history, and is said in the same
 * transaction; the services then ask what has become of the bot.
 */
@Injectable()
export class BotsService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly checks: BotChecksService,
    private readonly secrets: BotSecretsService,
    private readonly files: BotFilesService,
    private readonly views: BotViewsService,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Returns how it is made, once every service has nothing against it: they are asked while no transaction waits for them. */
  async prepare(bot: NewBot, actor: Actor): Promise<(tx: EntityManager) => Promise<BotView>> {
    this.secrets.requireRight(actor, bot.secrets);
    this.secrets.requireRightToDirect(actor, {}, bot.description);
    if (this.files.find(bot.id)) throw new BotDescribedByFile(bot.id);
    if (await this.db.manager.existsBy(BotRow, { id: bot.id })) throw new BotExists(bot.id);
    const secretNames = await this.approveNew(bot);
    return (tx) => this.insert(tx, bot, secretNames, 'created', actor);
  }

  /** Copies a bot that a file describes. */
  async takeOver(botId: string, given: { secrets: Secrets; why?: string | undefined }, actor: Actor): Promise<BotView> {
    this.secrets.requireRight(actor, given.secrets);
    const file = this.files.find(botId);
    if (!file) {
      await this.views.read(botId);
      throw new BotExists(botId);
    }
    const { description } = file;
    const secrets = { ...this.files.secretsOf(botId), ...given.secrets };
    const missing = file.secretNames.filter((name) => !Object.hasOwn(secrets, name));
    if (missing.length > 0) throw new InvalidFields(missing.map(unreadableHere));
    const bot = { id: botId, description, secrets, takenFrom: description, why: given.why };
    if (await this.db.manager.existsBy(BotRow, { id: botId })) throw new BotExists(botId);
    const secretNames = await this.approveNew(bot);
    return this.db.transaction((tx) => this.insert(tx, bot, secretNames, 'taken_over', actor));
  }

  edit(
    botId: string,
    asked: {
      patch?: Description | undefined;
      sections?: Description | undefined;
      secrets?: SecretChanges | undefined;
      why?: string | undefined;
    },
    ifMatch: IfMatch,
    actor: Actor,
  ): Promise<BotView> {
    const { patch = {}, sections = {}, secrets, why } = asked;
    const describe = (present: Description): Description => {
      const merged = new Map(Object.entries(mergePatch(present, patch) as Description));
      for (const [field, value] of Object.entries(sections)) {
        if (value === null) merged.delete(field);
        else merged.set(field, value);
      }
      return Object.fromEntries(merged);
    };
    return this.change(botId, { change: 'edited', describe, secrets, why, ifMatch }, actor);
  }

  async rollBack(
    botId: string,
    asked: { revision: number; secrets?: Secrets | undefined; why?: string | undefined },
    ifMatch: IfMatch,
    actor: Actor,
  ): Promise<BotView> {
    const { description } = await this.views.revisionRow(this.db.manager, botId, asked.revision);
    const { secrets, why, revision: rolledBackTo } = asked;
    const edit = { describe: () => description, secrets, why, rolledBackTo, ifMatch };
    return this.change(botId, { change: 'rolled_back', ...edit }, actor);
  }

  setSecret(botId: string, name: string, value: string, why: string | undefined, actor: Actor): Promise<BotView> {
    const pointerTo = (pointer: string, secret: string | undefined) =>
      secret === name ? '/value' : inDescription(pointer, secret);
    return this.changeSecrets(botId, { [name]: value }, { why, pointerTo }, actor);
  }

  removeSecret(botId: string, name: string, actor: Actor): Promise<BotView> {
    return this.changeSecrets(botId, { [name]: null }, {}, actor);
  }

  private changeSecrets(botId: string, secrets: SecretChanges, more: Partial<Edit>, actor: Actor): Promise<BotView> {
    return this.change(botId, { change: 'secrets_changed', describe: (present) => present, secrets, ...more }, actor);
  }

  pause(botId: string, why: string | undefined, actor: Actor): Promise<BotView> {
    return this.turn(botId, 'paused', why, actor);
  }

  resume(botId: string, why: string | undefined, actor: Actor): Promise<BotView> {
    return this.turn(botId, 'resumed', why, actor);
  }

  archive(botId: string, why: string | undefined, actor: Actor): Promise<BotView> {
    return this.turn(botId, 'archived', why, actor);
  }

  /** As it was before it was archived. Meanwhile services may have come to read it otherwise, and others may have its token. */
  async restore(botId: string, why: string | undefined, actor: Actor): Promise<BotView> {
    const row = await this.find(this.db.manager, botId);
    if (row.state !== 'archived') return this.views.ofRow(this.db.manager, row);
    const secrets = await this.secrets.of(this.db.manager, botId);
    const draft = { id: botId, description: row.description, secrets, takenFrom: row.takenFrom ?? undefined };
    const secretNames = await this.checks.approve(draft, Object.keys(row.description), inDescription);
    return this.db.transaction(async (tx) => {
      const present = await this.lock(tx, botId);
      if (present.state !== 'archived') return this.views.ofRow(tx, present);
      await this.secrets.requireFreeToken(tx, botId, secrets[CHANNEL_TOKEN], TOKEN_POINTER);
      const before = await tx.findOne(BotRevisionRow, {
        where: { botId, state: Not('archived') },
        order: { revision: 'DESC' },
      });
      Object.assign(present, { state: before!.state, secretNames });
      return this.save(tx, present, { change: 'restored', why }, actor);
    });
  }

  /** Asks the channel about credentials. Those of the bot are used only where they are sent anyway. */
  async checkChannel(
    asked: { botId: string; channel: Description; secrets: Secrets },
    actor: Actor,
  ): Promise<ChannelReport> {
    const { botId, channel } = asked;
    const row = await this.db.manager.findOneBy(BotRow, { id: botId });
    const set = await this.secrets.of(this.db.manager, botId);
    const stored = Object.keys(set).filter((name) => !Object.hasOwn(asked.secrets, name));
    if (row) this.secrets.requireSameDestination(stored, row.description, { ...row.description, channel });
    this.secrets.requireRightToDirect(actor, { channel: row?.description['channel'] }, { channel });
    return this.checks.inspect(botId, channel, { ...set, ...asked.secrets });
  }

  private approveNew({ id, description, secrets, takenFrom }: NewBot): Promise<readonly string[]> {
    return this.checks.approve({ id, description, secrets, takenFrom }, Object.keys(description), inDescription);
  }

  private async insert(
    tx: EntityManager,
    { id, description, secrets, takenFrom, why }: NewBot,
    secretNames: readonly string[],
    change: BotChangeKind,
    actor: Actor,
  ): Promise<BotView> {
    await lockBots(tx);
    if (await tx.existsBy(BotRow, { id })) throw new BotExists(id);
    await this.secrets.requireFreeToken(tx, id, secrets[CHANNEL_TOKEN], TOKEN_POINTER);
    const row = new BotRow();
    const begun = { id, revision: 0, state: 'active', description, createdAt: this.clock.now() } as const;
    Object.assign(row, begun, { takenFrom: takenFrom ?? null, secretNames: [...secretNames] });
    return this.save(tx, row, { change, why, secrets }, actor);
  }

  private async change(botId: string, edit: Edit, actor: Actor): Promise<BotView> {
    const { describe, pointerTo = inDescription, ifMatch } = edit;
    this.secrets.requireRight(actor, edit.secrets ?? {});
    const { manager } = this.db;
    const seen = await this.find(manager, botId);
    if (seen.state === 'archived') throw new BotArchived(botId);
    await this.match(manager, seen, ifMatch);
    const set = await this.secrets.of(manager, botId);
    // What is not there need not be removed.
    const secrets = Object.fromEntries(
      Object.entries(edit.secrets ?? {}).filter(([name, value]) => value !== null || Object.hasOwn(set, name)),
    );
    const description = describe(seen.description);
    const changed = [
      ...Object.keys({ ...seen.description, ...description }).filter(
        (field) => !isDeepStrictEqual(seen.description[field], description[field]),
      ),
      ...Object.keys(secrets).map(sectionOf),
    ];
    if (changed.length === 0) return this.views.ofRow(manager, seen);
    const staying = Object.keys(set).filter((name) => !Object.hasOwn(secrets, name));
    this.secrets.requireSameDestination(staying, seen.description, description);
    this.secrets.requireRightToDirect(actor, seen.description, description);
    const draft = {
      id: botId,
      description,
      secrets: changedSecrets(set, secrets),
      takenFrom: seen.takenFrom ?? undefined,
    };
    const secretNames = await this.checks.approve(draft, changed, pointerTo);
    return this.db.transaction(async (tx) => {
      const row = await this.lock(tx, botId);
      // What was checked is what is saved.
      if (row.revision !== seen.revision) throw new BotChanged(await this.views.ofRow(tx, row));
      const tokenAt = pointerTo(pointerOf(CHANNEL_TOKEN), CHANNEL_TOKEN);
      await this.secrets.requireFreeToken(tx, botId, secrets[CHANNEL_TOKEN], tokenAt);
      Object.assign(row, { description, secretNames: [...secretNames] });
      return this.save(tx, row, { ...edit, secrets }, actor);
    });
  }

  /** Asked twice it changes nothing more. */
  private async turn(botId: string, change: BotChangeKind, why: string | undefined, actor: Actor): Promise<BotView> {
    await this.find(this.db.manager, botId);
    return this.db.transaction(async (tx) => {
      const row = await this.lock(tx, botId);
      const state = TURNS[change]?.[row.state];
      if (!state) {
        if (row.state === 'archived' && change !== 'archived') throw new BotArchived(botId);
        return this.views.ofRow(tx, row);
      }
      row.state = state;
      return this.save(tx, row, { change, why }, actor);
    });
  }

  /** The bot as it has become, its next revision, and the word of it. */
  private async save(
    tx: EntityManager,
    row: BotRow,
    how: Pick<Edit, 'change' | 'why' | 'secrets' | 'rolledBackTo'>,
    actor: Actor,
  ): Promise<BotView> {
    const { id: botId, state, description } = row;
    const { change, why = null, secrets = {}, rolledBackTo = null } = how;
    const at = this.clock.now();
    Object.assign(row, { revision: row.revision + 1, changedAt: at });
    await tx.save(BotRow, row);
    await this.secrets.write(tx, botId, secrets, actor);
    const names = (isSet: boolean) => Object.keys(secrets).filter((name) => (secrets[name] !== null) === isSet);
    const revision: BotRevisionRow = {
      ...{ botId, revision: row.revision, change, state, description, rolledBackTo, why },
      ...{ secretsSet: names(true), secretsRemoved: names(false) },
      ...{ byKind: actor.kind, byId: actor.id, at },
    };
    // TypeORM has no type for a column of any JSON.
    await tx.insert(BotRevisionRow, revision as never);
    await this.outbox.add(tx, BotConfigured({ botId, revision: row.revision }));
    const view = await this.views.ofRow(tx, row);
    const former = await tx.findOneBy(BotRevisionRow, { botId, revision: row.revision - 1 });
    const { secretsSet, secretsRemoved } = revision;
    await this.audit.done(tx, actor, routeOf(change, secretsSet.length > 0), {
      ...{ resource: { type: 'bot', id: botId }, botId },
      before: former ? { state: former.state, description: former.description } : {},
      after: { state, description },
      details: { revision: row.revision, rolledBackTo, secretsSet, secretsRemoved },
      reason: why ?? undefined,
    });
    return view;
  }

  private async find(manager: EntityManager, botId: string): Promise<BotRow> {
    const row = await manager.findOneBy(BotRow, { id: botId });
    if (row) return row;
    if (this.files.find(botId)) throw new BotDescribedByFile(botId);
    throw new BotNotFound(botId);
  }

  private async lock(tx: EntityManager, botId: string): Promise<BotRow> {
    await lockBots(tx);
    return tx.findOneByOrFail(BotRow, { id: botId });
  }

  private async match(manager: EntityManager, row: BotRow, ifMatch: IfMatch | undefined): Promise<void> {
    try {
      ifMatch?.check(row.revision);
    } catch {
      throw new BotChanged(await this.views.ofRow(manager, row));
    }
  }
}

/** Changes of bots follow each other: they are few, and two must not come to the same token. */
const lockBots = (tx: EntityManager) => tx.query(`SELECT pg_advisory_xact_lock(hashtext('bots'), hashtext('change'))`);

const unreadableHere = (name: string): FieldError => ({
  pointer: `/secrets/${name}`,
  code: 'required',
  detail: {
    en: 'the gateway is not given its variable or file: give the secret itself',
    ru: 'шлюзу недоступны его переменная или файл: задайте сам секрет',
  },
});
