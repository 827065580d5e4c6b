import { Inject, Injectable } from '@nestjs/common';
import {
  CONFIG,
  LOG,
  type Log,
  type ModelInUse,
  openAiClient,
  ResiliencePolicy,
  withoutWords,
} from '@switchboard/service-kit';
import OpenAI from 'openai';
import { Counter, Registry } from 'prom-client';
import type { ChatAiConfig } from '../chat-ai.config';
import { ModelKeys } from '../models/model-keys';
import { type Flag, flagOf } from './word-rules';

const PUBLIC_HOST = 'api.openai.com';
/** It runs beside what a turn reads first; a person waits for both. */
const DEADLINE_MS = 1500;

/** Source: OpenAI API reference, "Moderations". What is left out, such as harassment, is answered: angry people have questions, too. */
const CATEGORIES: Readonly<Record<string, Flag>> = {
  'self-harm': 'self-harm',
  'self-harm/intent': 'self-harm',
  'self-harm/instructions': 'self-harm',
  'harassment/threatening': 'threat',
  'hate/threatening': 'threat',
  'sexual/minors': 'sexual-minors',
  illicit: 'illicit',
  'illicit/violent': 'illicit',
};
const GRAVEST: readonly Flag[] = ['self-harm', 'threat', 'sexual-minors', 'illicit'];

/** Tells messages that no model shall answer: by a model for that where one is connected, and by words in any case. */
@Injectable()
export class ModerationService {
  private readonly inUse: ModelInUse | undefined;
  private readonly client: OpenAI | undefined;
  private readonly party: ResiliencePolicy;
  private readonly flagged: Counter<'flag'>;

  constructor(
    keys: ModelKeys,
    @Inject(CONFIG) config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    this.inUse = modelInUse(config, keys);
    this.client = this.inUse && openAiClient(this.inUse);
    this.party = new ResiliencePolicy({
      name: 'moderation',
      registry,
      timeoutMs: DEADLINE_MS,
      breakAfter: 3,
      isOutage: () => true,
    });
    this.flagged = new Counter({
      name: 'messages_flagged_total',
      help: 'Messages of people that moderation kept from the model, by why.',
      labelNames: ['flag'],
      registers: [registry],
    });
  }

  async flagOf(text: string, signal: AbortSignal): Promise<Flag | undefined> {
    if (text.trim() === '') return undefined;
    const flag = flagOf(text) ?? (await this.ask(text, signal));
    if (flag) this.flagged.inc({ flag });
    return flag;
  }

  /** Nobody is left without an answer because moderation fails: the words have been looked at. */
  private async ask(text: string, signal: AbortSignal): Promise<Flag | undefined> {
    const { client, inUse } = this;
    if (!client || !inUse) return undefined;
    try {
      const { results } = await this.party.call(
        'moderate',
        (deadline) => client.moderations.create({ model: inUse.model, input: text }, { signal: deadline }),
        { signal },
      );
      const found = results.flatMap(({ categories }) =>
        Object.entries(categories).flatMap(([name, isFound]) => (isFound ? (CATEGORIES[name] ?? []) : [])),
      );
      return GRAVEST.find((flag) => found.includes(flag));
    } catch (error) {
      if (!signal.aborted) this.log.warn({ err: withoutWords(error) }, 'a message could not be moderated by the model');
      return undefined;
    }
  }
}

function modelInUse(config: ChatAiConfig, keys: ModelKeys): ModelInUse | undefined {
  const connection = keys.connectionTo(config.CHAT_AI_MODERATION_BASE_URL ?? config.CHAT_AI_BASE_URL);
  if (!connection) return undefined;
  const isPublic = new URL(connection.baseUrl).hostname === PUBLIC_HOST;
  // Few other servers have one: it is asked where it is named.
  if (isPublic ? !connection.apiKey : !config.CHAT_AI_MODERATION_BASE_URL) return undefined;
  return { ...connection, model: config.CHAT_AI_MODERATION_MODEL };
}
