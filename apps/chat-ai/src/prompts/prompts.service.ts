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
import { v5 as uuidv5, v7 as uuidv7, validate as isUuid } from 'uuid';
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
  /** Of the prompt, and of what is told besides about what the person asks. */
  readonly text: string;
  /** The same for everybody who is told the same. */
  readonly key: string;
  /** To be said once they have an answer, where experiments have chosen what is told. */
  readonly exposures: readonly Assignment['exposure'][];
}

/** What is told whatever is asked; any other scenario has a part that is told besides. */
export const ALL = 'all';

/** What a prompt is for. */
export interface PromptPlace {
  readonly botId: string;
  readonly scenario: string;
}

/** Where an experiment compares prompts of a bot; the values of its arms are ids of versions. */
const nameOf = ({ botId, scenario }: PromptPlace) => `chat-ai.prompt:${botId}${scenario === ALL ? '' : `:${scenario}`}`;
/** What such a place is of; undefined of others. */
export function promptPlace(place: string): PromptPlace | undefined {
  const [, botId, scenario = ALL] = /^chat-ai\.prompt:([^:]+)(?::([^:]+))?$/.exec(place) ?? [];
  return botId === undefined ? undefined : { botId, scenario };
}

/** Any fixed UUID: keys of a prompt with a part are made from the ids of both. */
const KEYS = '1c1fd0c5-8a51-4d0b-9d7c-0a6d6f1f5c0e';

/** Why a text becomes a version. */
export type Written = Pick<Prompt, 'origin' | 'note' | 'createdBy'>;

const DESCRIBED: Written = { origin: 'description', note: null, createdBy: null };

/**
 * What assistants are told: what staff have published, else what the bot's description says. A text never seen for a bot
 * becomes its next version.
 */
@Injectable()
export class PromptsService implements OnModuleInit, OnModuleDestroy {
  /** The versions that staff have published and not withdrawn, by place, as this process knows. */
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
   * @param scenario what the person asks about
   */
  async promptFor(assistant: Assistant, userId: string, scenario: string = ALL): Promise<ChosenPrompt> {
    const { botId } = assistant;
    const [base, part] = await Promise.all([
      this.chosen({ botId, scenario: ALL }, userId),
      scenario === ALL ? undefined : this.chosen({ botId, scenario }, userId),
    ]);
    const prompt = base?.prompt ?? (await this.described(assistant));
    const exposures = [base?.exposure, part?.exposure].filter((exposure) => exposure !== undefined);
    if (!part || part.prompt.text === '') return { prompt, text: prompt.text, key: prompt.id, exposures };
    const key = uuidv5(`${prompt.id}:${part.prompt.id}`, KEYS);
    return { prompt, text: `${prompt.text}\n\n${part.prompt.text}`, key, exposures };
  }

  /** Undefined where neither an experiment nor staff say what is told. */
  private async chosen(
    place: PromptPlace,
    userId: string,
  ): Promise<{ prompt: Prompt; exposure?: Assignment['exposure'] } | undefined> {
    const assigned = await this.experiments.assign(nameOf(place), userId);
    const compared = assigned && (await this.compared(place, assigned));
    if (compared) return { prompt: compared, exposure: assigned.exposure };
    const prompt = this.published.get(nameOf(place));
    return prompt && { prompt };
  }

  /**
   * The version that holds the text of the bot's description, which says nothing of single scenarios.
   * @param tx of who may hold the bot's prompts already
   */
  described({ botId, systemPrompt }: Assistant, tx?: EntityManager, scenario = ALL): Promise<Prompt> {
    const place = { botId, scenario };
    const text = scenario === ALL ? systemPrompt : '';
    const key = `${nameOf(place)}\n${text}`;
    const known = this.known.get(key);
    if (known) return known;
    // Not remembered: it may be rolled back.
    if (tx) return this.versionOf(tx, place, text, DESCRIBED);
    const described = this.db.transaction((tx) => this.versionOf(tx, place, text, DESCRIBED));
    this.known.set(key, described);
    described.catch(() => this.known.delete(key));
    return described;
  }

  /** The version that holds a text: the one there was, or the next one. Holds the bot's prompts until `tx` ends. */
  async versionOf(
    tx: EntityManager,
    { botId, scenario }: PromptPlace,
    text: string,
    written: Written,
  ): Promise<Prompt> {
    // The same words for two scenarios are two versions.
    const hashed = scenario === ALL ? text : `${scenario}\n${text}`;
    const hash = createHash('sha256').update(hashed).digest('hex');
    await this.lock(tx, botId);
    const existing = await tx.findOneBy(Prompt, { botId, scenario, hash });
    if (existing) return existing;
    const version = ((await tx.maximum(Prompt, 'version', { botId })) ?? 0) + 1;
    const prompt = { id: uuidv7(), botId, scenario, version, text, hash, ...written, createdAt: this.clock.now() };
    await tx.insert(Prompt, prompt);
    return prompt;
  }

  /** Undefined when the arm names no version of this bot: then it is as if no experiment ran. */
  private async compared(place: PromptPlace, { value, arm }: Assignment): Promise<Prompt | undefined> {
    const { botId } = place;
    const key = `${nameOf(place)}\n\n${value}`;
    const known = this.known.get(key);
    if (known) return known;
    const prompt = isUuid(value) ? await this.db.manager.findOneBy(Prompt, { ...place, id: value }) : null;
    if (prompt) this.known.set(key, Promise.resolve(prompt));
    else this.log.error({ bot: botId, arm, value }, 'an experiment compares a prompt that does not exist');
    return prompt ?? undefined;
  }

  /** @param scenario any when absent */
  async read(tx: EntityManager, botId: string, promptId: string, scenario?: string): Promise<Prompt> {
    const prompt = await tx.findOneBy(Prompt, { botId, id: promptId, ...(scenario !== undefined && { scenario }) });
    if (!prompt) throw new PromptNotFound(promptId);
    return prompt;
  }

  /** Two who publish at once, and processes that start together, would both make the next version. */
  async lock(tx: EntityManager, botId: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', ['prompts', botId]);
  }

  /** Looks which prompts are published. They never change, so only those that were not are read. */
  async look(): Promise<void> {
    const rows = await this.db.query<(PromptPlace & { promptId: string | null })[]>(
      `SELECT DISTINCT ON (bot_id, scenario) bot_id AS "botId", scenario, prompt_id AS "promptId"
       FROM prompt_releases ORDER BY bot_id, scenario, number DESC`,
    );
    const published = new Map<string, Prompt>();
    for (const { promptId, ...place } of rows) {
      if (promptId === null) continue;
      const known = this.published.get(nameOf(place));
      published.set(
        nameOf(place),
        known?.id === promptId ? known : await this.read(this.db.manager, place.botId, promptId),
      );
    }
    this.published = published;
  }

  /** Looks at once: somebody said that something has changed. */
  wake(): void {
    this.task?.wake();
  }
}
