import { Injectable } from '@nestjs/common';
import type {
  BotState,
  CompareBotRevisions,
  ListBotRevisions,
  ListBots,
  ReadBot,
  ReadBotRevision,
} from '@switchboard/contracts';
import { type AnswerOf, DomainError, type Position } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { BotFilesService, type DescribedByFile } from './bot-files.service';
import { BotRow, type Description } from './bot.entity';
import { BotRevisionRow } from './bot-revision.entity';
import { BotSecretRow } from './bot-secret.entity';
import { differences } from './json-documents';

export type BotView = AnswerOf<typeof ReadBot>;
type BotSummary = AnswerOf<typeof ListBots>['data'][number];
type RevisionView = AnswerOf<typeof ListBotRevisions>['data'][number];

export class BotNotFound extends DomainError {
  constructor(botId: string) {
    super('gateway.bot_not_found', 'There is no such bot', 404, { botId });
  }
}

export class BotRevisionNotFound extends DomainError {
  constructor(revision: number) {
    super('gateway.bot_revision_not_found', 'There is no such revision of the bot', 404, { revision });
  }
}

/** What people are shown of bots: of those that the gateway keeps, and of those that files describe. */
@Injectable()
export class BotViewsService {
  constructor(
    private readonly db: DataSource,
    private readonly files: BotFilesService,
  ) {}

  /** In the order of their ids, from a position on. There are hundreds of bots at most, so all are read. */
  async list(
    filter: { state?: readonly BotState[] | undefined; bots?: readonly string[] | undefined },
    position: Position | undefined,
    limit: number,
  ): Promise<BotSummary[]> {
    const rows = await this.db.manager.find(BotRow);
    const files = this.files.all();
    const kept = new Set(rows.map(({ id }) => id));
    const all = [
      ...rows.map((row) =>
        summaryOfRow(
          row,
          files.some(({ id }) => id === row.id),
        ),
      ),
      ...files.filter(({ id }) => !kept.has(id)).map(summaryOfFile),
    ].sort((a, b) => (a.id < b.id ? -1 : 1));
    const shown = all.filter(
      ({ id, state }) => (filter.state?.includes(state) ?? true) && (filter.bots?.includes(id) ?? true),
    );
    if (!position) return shown.slice(0, limit);
    const from = String(position.key[0]);
    if (position.direction === 'next') return shown.filter(({ id }) => id > from).slice(0, limit);
    return shown
      .filter(({ id }) => id < from)
      .reverse()
      .slice(0, limit);
  }

  async read(botId: string): Promise<BotView> {
    const row = await this.db.manager.findOneBy(BotRow, { id: botId });
    if (row) return this.ofRow(this.db.manager, row);
    const file = this.files.find(botId);
    if (!file) throw new BotNotFound(botId);
    const secrets = file.secretNames.map((name) => ({ name, isSet: true }));
    return { ...summaryOfFile(file), revision: file.revision, description: file.description, secrets };
  }

  async ofRow(tx: EntityManager, row: BotRow): Promise<BotView> {
    const set = await tx.find(BotSecretRow, { where: { botId: row.id } });
    const names = [...new Set([...row.secretNames, ...set.map(({ name }) => name)])].sort();
    return {
      ...summaryOfRow(row, this.files.find(row.id) !== undefined),
      revision: String(row.revision),
      description: row.description,
      secrets: names.map((name) =>
        secretOf(
          name,
          set.find((secret) => secret.name === name),
        ),
      ),
      createdAt: row.createdAt,
    };
  }

  async revisions(botId: string, position: Position | undefined, limit: number): Promise<RevisionView[]> {
    await this.read(botId);
    const backwards = position?.direction === 'prev';
    const query = this.db.manager
      .createQueryBuilder(BotRevisionRow, 'revision')
      .where('revision.botId = :botId', { botId })
      .limit(limit);
    if (position) query.andWhere(`revision.revision ${backwards ? '>' : '<'} :from`, { from: position.key[0] });
    const rows = await query.orderBy('revision.revision', backwards ? 'ASC' : 'DESC').getMany();
    return rows.map(revisionView);
  }

  async revision(botId: string, revision: number): Promise<AnswerOf<typeof ReadBotRevision>> {
    const row = await this.revisionRow(this.db.manager, botId, revision);
    return { ...revisionView(row), description: row.description };
  }

  /** @param since the one before `revision` when absent */
  async compare(
    botId: string,
    revision: number,
    since: number = revision - 1,
  ): Promise<AnswerOf<typeof CompareBotRevisions>> {
    const { description: after } = await this.revisionRow(this.db.manager, botId, revision);
    const isFirst = since === 0 && revision === 1;
    const before: Description = isFirst ? {} : (await this.revisionRow(this.db.manager, botId, since)).description;
    return { changes: differences(before, after) };
  }

  async revisionRow(tx: EntityManager, botId: string, revision: number): Promise<BotRevisionRow> {
    const row = await tx.findOneBy(BotRevisionRow, { botId, revision });
    if (row) return row;
    if (await tx.existsBy(BotRow, { id: botId })) throw new BotRevisionNotFound(revision);
    throw new BotNotFound(botId);
  }
}

const channelOf = ({ channel }: Description) => (channel as { kind?: unknown } | null | undefined)?.kind;

function shownOf(id: string, description: Description) {
  const { name } = description;
  const channel = channelOf(description);
  return { id, name: typeof name === 'string' ? name : id, ...(typeof channel === 'string' && { channel }) };
}

const summaryOfRow = ({ id, description, state, changedAt }: BotRow, hidesFile: boolean): BotSummary => ({
  ...shownOf(id, description),
  state,
  describedBy: 'gateway',
  hidesFile,
  mistakes: [],
  changedAt,
});

const summaryOfFile = ({ id, description, mistakes }: DescribedByFile): BotSummary => ({
  ...shownOf(id, description),
  state: 'active',
  describedBy: 'file',
  hidesFile: false,
  mistakes: [...mistakes],
});

const secretOf = (name: string, set: BotSecretRow | undefined): BotView['secrets'][number] => ({
  name,
  isSet: set !== undefined,
  ...(set && { setAt: set.setAt, setBy: { kind: set.byKind, id: set.byId } }),
  ...(set?.last4 && { last4: set.last4 }),
});

const revisionView = (row: BotRevisionRow): RevisionView => ({
  revision: row.revision,
  change: row.change,
  state: row.state,
  at: row.at,
  by: { kind: row.byKind, id: row.byId },
  ...(row.why !== null && { why: row.why }),
  ...(row.rolledBackTo !== null && { rolledBackTo: row.rolledBackTo }),
  secretsSet: row.secretsSet,
  secretsRemoved: row.secretsRemoved,
});
