import { Injectable } from '@nestjs/common';
import { Outbox, Signals } from '@switchboard/bus';
import {
  type Actor,
  type EventOf,
  type ExperimentDecided,
  type ListPromptReleases,
  type ListPromptVersions,
  PublishPrompt,
  PromptsChanged,
  type ReadPromptInForce,
  type ReadPromptVersion,
  WithdrawPrompt,
  AuditEntryAppendRequested,
} from '@switchboard/contracts';
import {
  auditEntry,
  type AnswerOf,
  type AuditAuthor,
  Clock,
  Cursors,
  DomainError,
  IfMatch,
  type Page,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { authorOf } from '../author';
import { Prompt } from './prompt.entity';
import { PromptDraftsService } from './prompt-drafts.service';
import { PromptRelease } from './prompt-release.entity';
import { ALL, promptPlace, type PromptPlace, PromptsService } from './prompts.service';

type PromptInForce = AnswerOf<typeof ReadPromptInForce>;
type Release = AnswerOf<typeof ListPromptReleases>['data'][number];
type Version = AnswerOf<typeof ReadPromptVersion>;

/** A version, or a draft that becomes one. */
export interface Publishable {
  readonly promptId?: string | undefined;
  readonly draft?: { readonly id: string; readonly revision: number } | undefined;
}

const CHANGED = 'chat-ai.changedPrompts';

/** Puts prompts in force, and tells which one is and why. */
@Injectable()
export class PromptReleasesService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly drafts: PromptDraftsService,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    db: DataSource,
    signals: Signals,
  ) {
    // Only after the commit: a process that looks before it would see the former one.
    db.subscribers.push({
      afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
        for (const botId of takeChanged(queryRunner)) signals.send(PromptsChanged, { botId });
      },
      afterTransactionRollback: ({ queryRunner }: { queryRunner: QueryRunner }) => void takeChanged(queryRunner),
    });
  }

  async inForce(tx: EntityManager, { botId, scenario }: PromptPlace): Promise<PromptInForce> {
    const described = await this.prompts.described(this.assistants.require(botId), tx, scenario);
    const last = await tx.findOne(PromptRelease, { where: { botId, scenario }, order: { number: 'DESC' } });
    const published = last?.promptId ? await this.prompts.read(tx, botId, last.promptId) : undefined;
    const prompt = published ?? described;
    return {
      botId,
      scenario,
      source: published ? 'console' : 'description',
      prompt: shown(prompt, prompt),
      release: last ? { ...last, prompt: published ?? null } : null,
      described: shown(described, prompt),
      revision: last?.number ?? 0,
    };
  }

  /** The latest first. */
  async versions(tx: EntityManager, request: RequestOf<typeof ListPromptVersions>): Promise<Page<Version>> {
    const place = { ...request.params, scenario: request.query.scenario };
    const { prompt } = await this.inForce(tx, place);
    const query = tx.createQueryBuilder(Prompt, 'prompt').where(place);
    const { data, page } = await this.cursors.select(request, query, ['version']);
    return { data: data.map((row) => shown(row, prompt)), page };
  }

  async version(tx: EntityManager, botId: string, promptId: string): Promise<Version> {
    const version = await this.prompts.read(tx, botId, promptId);
    const { prompt } = await this.inForce(tx, version);
    return shown(version, prompt);
  }

  /** @param seen the number of the release that the caller took for the last one */
  async publish(
    tx: EntityManager,
    place: PromptPlace,
    { promptId, draft }: Publishable,
    { why, seen, actor }: { why: string; seen: IfMatch; actor: AuditAuthor },
  ): Promise<PromptInForce> {
    const before = await this.lockInForce(tx, place, seen);
    const prompt = draft
      ? await this.prompts.versionOf(tx, place, ...(await this.drafts.take(tx, place, draft)))
      : await this.prompts.read(tx, place.botId, promptId!, place.scenario);
    const action = prompt.version < before.prompt.version ? 'rolled_back' : 'published';
    return this.release(tx, before, { action, promptId: prompt.id, why, actor });
  }

  /** Staff have decided that everybody gets what an arm of an experiment had. All other decisions leave what is in force. */
  async decided(tx: EntityManager, decision: EventOf<typeof ExperimentDecided>['data']): Promise<void> {
    const place = promptPlace(decision.place);
    if (!place || decision.decision !== 'ship') return;
    const anyRelease = IfMatch.read('*');
    const { prompt } = await this.lockInForce(tx, place, anyRelease);
    if (prompt.id === decision.value) return;
    const by = decision.decidedBy ?? { kind: 'service', id: 'analytics', roles: [] };
    const why = `The experiment ${decision.experiment} was ended with the decision that everybody gets "${decision.arm}".`;
    await this.publish(tx, place, { promptId: decision.value }, { why, seen: anyRelease, actor: by });
  }

  /** The text of the bot's description counts again. */
  async withdraw(
    tx: EntityManager,
    place: PromptPlace,
    { why, seen, actor }: { why: string; seen: IfMatch; actor: Actor },
  ): Promise<PromptInForce> {
    const before = await this.lockInForce(tx, place, seen);
    if (before.source === 'description') throw new PromptNotPublished(place.botId);
    return this.release(tx, before, { action: 'withdrawn', promptId: null, why, actor });
  }

  /** The latest first. */
  async list(tx: EntityManager, request: RequestOf<typeof ListPromptReleases>): Promise<Page<Release>> {
    const query = tx
      .createQueryBuilder(PromptRelease, 'release')
      .leftJoinAndMapOne('release.prompt', Prompt, 'prompt', 'prompt.id = release.promptId')
      .where({ botId: request.params.botId, scenario: request.query.scenario });
    const { data, page } = await this.cursors.select(request, query, ['number']);
    return { data: data as (PromptRelease & { prompt: Prompt | null })[], page };
  }

  private async lockInForce(tx: EntityManager, place: PromptPlace, seen: IfMatch): Promise<PromptInForce> {
    await this.prompts.lock(tx, place.botId);
    const before = await this.inForce(tx, place);
    seen.check(before.revision, before);
    return before;
  }

  private async release(
    tx: EntityManager,
    { botId, scenario, prompt }: PromptInForce,
    { actor, ...change }: Pick<PromptRelease, 'action' | 'promptId' | 'why'> & { actor: AuditAuthor },
  ): Promise<PromptInForce> {
    const released = { releasedAt: this.clock.now(), releasedBy: authorOf(actor) };
    // Counted for the whole bot, whose lock is held.
    const number = ((await tx.maximum(PromptRelease, 'number', { botId })) ?? 0) + 1;
    await tx.insert(PromptRelease, { id: uuidv7(), botId, scenario, number, ...change, ...released });
    const after = await this.inForce(tx, { botId, scenario });
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(
        auditEntry(actor, change.action === 'withdrawn' ? WithdrawPrompt : PublishPrompt, {
          resourceType: 'prompt',
          resourceId: botId,
          botId,
          before: { promptId: prompt.id, version: prompt.version, ...(scenario !== ALL && { scenario }) },
          after: { promptId: after.prompt.id, version: after.prompt.version, ...(scenario !== ALL && { scenario }) },
          reason: change.why,
        }),
      ),
    );
    ((tx.queryRunner!.data[CHANGED] ??= []) as string[]).push(botId);
    return after;
  }
}

const shown = (prompt: Prompt, { id }: Pick<Prompt, 'id'>): Version => ({
  ...prompt,
  characters: prompt.text.length,
  isInForce: prompt.id === id,
});

class PromptNotPublished extends DomainError {
  constructor(botId: string) {
    super('chat-ai.prompt_not_published', 'No prompt of the console is in force', 409, { botId });
  }
}

function takeChanged(queryRunner: QueryRunner): string[] {
  const changed = (queryRunner.data[CHANGED] as string[] | undefined) ?? [];
  delete queryRunner.data[CHANGED];
  return changed;
}
