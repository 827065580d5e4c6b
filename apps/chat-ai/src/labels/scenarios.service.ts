import { Injectable } from '@nestjs/common';
import {
  type Actor,
  AuditEntryAppendRequested,
  DeleteScenario,
  type ListScenarios,
  SetScenario,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, DomainError } from '@switchboard/service-kit';
import { Outbox } from '@switchboard/bus';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { authorOf } from '../author';
import { LabelsService } from './labels.service';
import { BUILT_IN } from './scenario';
import { OwnScenario } from './scenario.entity';

/** More of them would not be told apart by their words. */
const MOST = 30;

class TooManyScenarios extends DomainError {
  constructor(botId: string) {
    super('chat-ai.too_many_scenarios', `A bot has ${MOST} scenarios of its own at most`, 409, { botId });
  }
}

type Listed = AnswerOf<typeof ListScenarios>['data'][number];

/** What staff say that messages may be about. */
@Injectable()
export class ScenariosService {
  constructor(
    private readonly db: DataSource,
    private readonly assistants: AssistantsService,
    private readonly labels: LabelsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async list(botId: string): Promise<Listed[]> {
    this.assistants.require(botId);
    const own = await this.db.manager.find(OwnScenario, { where: { botId }, order: { key: 'ASC' } });
    const builtIn = BUILT_IN.filter(({ key }) => !own.some((one) => one.key === key));
    return [
      ...builtIn.map(({ key, examples }) => ({
        ...{ key, title: key, examples: [...examples] },
        ...{ isBuiltIn: true, changedAt: null, changedBy: null },
      })),
      ...own.map(shown),
    ];
  }

  async set(botId: string, key: string, said: Pick<OwnScenario, 'title' | 'examples'>, actor: Actor): Promise<Listed> {
    this.assistants.require(botId);
    return this.change(botId, async (tx) => {
      const before = await tx.findOneBy(OwnScenario, { botId, key });
      if (!before && (await tx.countBy(OwnScenario, { botId })) >= MOST) throw new TooManyScenarios(botId);
      const changed = { changedAt: this.clock.now(), changedBy: authorOf(actor) };
      const after = { id: before?.id ?? uuidv7(), botId, key, ...said, ...changed };
      await tx.save(OwnScenario, after);
      await this.audit(tx, actor, SetScenario, after, before);
      return shown(after);
    });
  }

  async delete(botId: string, key: string, actor: Actor): Promise<void> {
    this.assistants.require(botId);
    await this.change(botId, async (tx) => {
      const before = await tx.findOneBy(OwnScenario, { botId, key });
      if (!before) return;
      await tx.delete(OwnScenario, { botId, key });
      await this.audit(tx, actor, DeleteScenario, undefined, before);
    });
  }

  /** One after the other for a bot, so that two at once make no more than there may be. */
  private async change<T>(botId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const result = await this.db.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', ['scenarios', botId]);
      return work(tx);
    });
    this.labels.forget(botId);
    return result;
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: typeof SetScenario | typeof DeleteScenario,
    after: OwnScenario | undefined,
    before: OwnScenario | null,
  ): Promise<void> {
    const { botId, key } = (after ?? before)!;
    const told = (one: OwnScenario) => ({ title: one.title, examples: one.examples.length });
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(
        auditEntry(actor, route, {
          ...{ resourceType: 'scenario', resourceId: key, botId },
          ...(before && { before: told(before) }),
          ...(after && { after: told(after) }),
        }),
      ),
    );
  }
}

const shown = ({ key, title, examples, changedAt, changedBy }: OwnScenario): Listed => ({
  ...{ key, title, examples, isBuiltIn: false, changedAt, changedBy },
});
