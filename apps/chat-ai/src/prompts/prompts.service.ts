import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  type Assignment,
  Clock,
  DomainError,
  Experiments,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import type { Assistant } from '../assistants/assistant';
import { Prompt } from './prompt.entity';

/** For a signal that was lost: so late a process knows at most what staff have published elsewhere. */
const LOOKED_AT_EVERY_MS = 1000;

export const LookAtPrompts: PeriodicTask = {
  name: 'look-at-prompts',
  everyMs: LOOKED_AT_EVERY_MS,
  purpose: 'Looks which prompts staff have published.',
};

export class PromptNotFound extends DomainError {
  constructor(promptId: string) {
    super('chat-ai.prompt_not_found', 'There is no such version of the prompt', 404, { promptId });
  }
}

/** What an assistant is told when it answers somebody. */
export interface ChosenPrompt {
  readonly prompt: Prompt;
  /** To be said once they have an answer, where an experiment has chosen it. */
  readonly exposure?: Assignment['exposure'] | undefined;
}

/** Where an experiment compares prompts of a bot; the values of its arms are ids of versions. */
const placeOf = (botId: string) => `chat-ai.prompt:${botId}`;
/** The bot of such a place; undefined of others. */
export const botOfPlace = (place: string): string | undefined => /^chat-ai\.prompt:(.+)$/.exec(place)?.[1];

/** Why a text becomes a version. */
export type Written = Pick<Prompt, 'origin' | 'note' | 'createdBy'>;

const DESCRIBED: Written = { origin: 'description', note: null, createdBy: null };

/**
 * What assistants are told: what staff have published, else what the bot's description says. A text never seen for a bot
 * becomes its next version.
 */
@Injectable()
export class PromptsService implements OnModuleInit, OnModuleDestroy {
  /** The versions that staff have published and not withdrawn, by bot, as this process knows. */
  private published: ReadonlyMap<string, Prompt> = new Map();
  private readonly known = new LRUCache<string, Promise<Prompt>>({ max: 1000 });
  private task: RunningTask | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly tasks: PeriodicTasks,
    private readonly experiments: Experiments,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.look();
    this.task = this.tasks.start(LookAtPrompts, { firstAfterMs: LOOKED_AT_EVERY_MS, run: () => this.look() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  /**
   * What an assistant is told when it answers this person: what an experiment compares, where one runs, and the same in every
   * chat of theirs.
   */
  async promptFor(assistant: Assistant, userId: string): Promise<ChosenPrompt> {
    const assigned = await this.experiments.assign(placeOf(assistant.botId), userId);
    const compared = assigned && (await this.compared(assistant.botId, assigned));
    if (compared) return { prompt: compared, exposure: assigned.exposure };
    return { prompt: this.published.get(assistant.botId) ?? (await this.described(assistant)) };
  }

  /**
   * The version that holds the text of the bot's description.
   * @param tx of who may hold the bot's prompts already
   */
  described({ botId, systemPrompt }: Assistant, tx?: EntityManager): Promise<Prompt> {
    const key = `${botId}\n${systemPrompt}`;
    const known = this.known.get(key);
    if (known) return known;
    // Not remembered: it may be rolled back.
    if (tx) return this.versionOf(tx, botId, systemPrompt, DESCRIBED);
    const described = this.db.transaction((tx) => this.versionOf(tx, botId, systemPrompt, DESCRIBED));
    this.known.set(key, described);
    described.catch(() => this.known.delete(key));
    return described;
  }

  /** The version that holds a text: the one there was, or the next one. Holds the bot's prompts until `tx` ends. */
  async versionOf(tx: EntityManager, botId: string, text: string, written: Written): Promise<Prompt> {
    const hash = createHash('sha256').update(text).digest('hex');
    await this.lock(tx, botId);
    const existing = await tx.findOneBy(Prompt, { botId, hash });
    if (existing) return existing;
    const version = ((await tx.maximum(Prompt, 'version', { botId })) ?? 0) + 1;
    const prompt = { id: uuidv7(), botId, version, text, hash, ...written, createdAt: this.clock.now() };
    await tx.insert(Prompt, prompt);
    return prompt;
  }

  /** Undefined when the arm names no version of this bot: then it is as if no experiment ran. */
  private async compared(botId: string, { value, arm }: Assignment): Promise<Prompt | undefined> {
    const key = `${botId}\n\n${value}`;
    const known = this.known.get(key);
    if (known) return known;
    const prompt = isUuid(value) ? await this.db.manager.findOneBy(Prompt, { botId, id: value }) : null;
    if (prompt) this.known.set(key, Promise.resolve(prompt));
    else this.log.error({ bot: botId, arm, value }, 'an experiment compares a prompt that does not exist');
    return prompt ?? undefined;
  }

  async read(tx: EntityManager, botId: string, promptId: string): Promise<Prompt> {
    const prompt = await tx.findOneBy(Prompt, { botId, id: promptId });
    if (!prompt) throw new PromptNotFound(promptId);
    return prompt;
  }

  /** Two who publish at once, and processes that start together, would both make the next version. */
  async lock(tx: EntityManager, botId: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', ['prompts', botId]);
  }

  /** Looks which prompts are published. They never change, so only those that were not are read. */
  async look(): Promise<void> {
    const rows = await this.db.query<{ botId: string; promptId: string | null }[]>(
      `SELECT DISTINCT ON (bot_id) bot_id AS "botId", prompt_id AS "promptId"
       FROM prompt_releases ORDER BY bot_id, number DESC`,
    );
    const published = new Map<string, Prompt>();
    for (const { botId, promptId } of rows) {
      if (promptId === null) continue;
      const known = this.published.get(botId);
      published.set(botId, known?.id === promptId ? known : await this.read(this.db.manager, botId, promptId));
    }
    this.published = published;
  }

  /** Looks at once: somebody said that something has changed. */
  wake(): void {
    this.task?.wake();
  }
}
