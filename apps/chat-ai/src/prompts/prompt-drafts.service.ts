import { Injectable } from '@nestjs/common';
import type { Actor, ListPromptDrafts, ReadPromptDraft } from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  Cursors,
  DomainError,
  type IfMatch,
  type Page,
  type RequestOf,
} from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { authorOf } from '../author';
import { Prompt } from './prompt.entity';
import { PromptDraft } from './prompt-draft.entity';
import { type PromptPlace, PromptsService, type Written } from './prompts.service';

export class PromptDraftNotFound extends DomainError {
  constructor(draftId: string) {
    super('chat-ai.prompt_draft_not_found', 'There is no such draft', 404, { draftId });
  }
}

class PromptDraftChanged extends DomainError {
  constructor(draftId: string, revision: number) {
    super('chat-ai.prompt_draft_changed', 'Somebody changed the draft since you saw it', 409, { draftId, revision });
  }
}

type Draft = AnswerOf<typeof ReadPromptDraft>;

/** Prompts that are being written. */
@Injectable()
export class PromptDraftsService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  async open(
    tx: EntityManager,
    botId: string,
    { text, note, basedOn, scenario }: { text: string; note: string; basedOn?: string | undefined; scenario: string },
    actor: Actor,
  ): Promise<Draft> {
    this.assistants.require(botId);
    const base = basedOn ? await this.prompts.read(tx, botId, basedOn, scenario) : null;
    const [at, by] = [this.clock.now(), authorOf(actor)];
    const written = { createdAt: at, createdBy: by, changedAt: at, changedBy: by, revision: 1 };
    const draft = { id: uuidv7(), botId, scenario, basedOn: base?.id ?? null, text, note, ...written };
    await tx.insert(PromptDraft, draft);
    return { ...draft, basedOn: base };
  }

  /** The one begun last first. */
  async list(tx: EntityManager, request: RequestOf<typeof ListPromptDrafts>): Promise<Page<Draft>> {
    const { scenario } = request.query;
    const query = withBase(tx).where({ botId: request.params.botId, scenario });
    const { data, page } = await this.cursors.select(request, query, ['id']);
    return { data: data.map(shown), page };
  }

  async read(tx: EntityManager, botId: string, draftId: string): Promise<Draft> {
    const draft = await withBase(tx).where({ botId, id: draftId }).getOne();
    if (!draft) throw new PromptDraftNotFound(draftId);
    return shown(draft);
  }

  async change(
    tx: EntityManager,
    { botId, draftId }: { botId: string; draftId: string },
    change: { text?: string | undefined; note?: string | undefined },
    { seen, actor }: { seen: IfMatch; actor: Actor },
  ): Promise<Draft> {
    const { revision } = await this.lock(tx, botId, draftId);
    seen.check(revision, await this.read(tx, botId, draftId));
    const changed = { changedAt: this.clock.now(), changedBy: authorOf(actor), revision: revision + 1 };
    await tx.update(PromptDraft, draftId, { ...change, ...changed });
    return this.read(tx, botId, draftId);
  }

  async discard(tx: EntityManager, botId: string, draftId: string): Promise<void> {
    await tx.delete(PromptDraft, { botId, id: draftId });
  }

  /** Takes a draft away, to be a version. @returns its text, and who has written it */
  async take(
    tx: EntityManager,
    { botId, scenario }: PromptPlace,
    { id, revision }: { id: string; revision: number },
  ): Promise<[text: string, written: Written]> {
    const draft = await this.lock(tx, botId, id);
    if (draft.scenario !== scenario) throw new PromptDraftNotFound(id);
    if (draft.revision !== revision) throw new PromptDraftChanged(id, draft.revision);
    await tx.delete(PromptDraft, id);
    return [draft.text, { origin: 'console', note: draft.note || null, createdBy: draft.changedBy }];
  }

  private async lock(tx: EntityManager, botId: string, draftId: string): Promise<PromptDraft> {
    const lock = { mode: 'pessimistic_write' } as const;
    const draft = await tx.findOne(PromptDraft, { where: { botId, id: draftId }, lock });
    if (!draft) throw new PromptDraftNotFound(draftId);
    return draft;
  }
}

const withBase = (tx: EntityManager) =>
  tx
    .createQueryBuilder(PromptDraft, 'draft')
    .leftJoinAndMapOne('draft.base', Prompt, 'base', 'base.id = draft.basedOn');

const shown = (draft: PromptDraft): Draft => ({ ...draft, basedOn: (draft as { base?: Prompt }).base ?? null });
