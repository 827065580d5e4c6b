import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ConfigError } from '@switchboard/service-kit';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { ChatAiConfig } from '../chat-ai.config';
import { type Assistant, type AssistantEntry, AssistantsFile } from './assistant';

const PUBLIC_API = 'https://api.openai.com/v1';

/** A bot nobody configured still answers, and says nothing it cannot stand for. */
const UNCONFIGURED: AssistantEntry = {
  name: 'Assistant',
  systemPrompt: 'You are a helpful, honest assistant in a messenger. Answer briefly; say so when you do not know.',
  budgets: { personPerDayUsd: 0, botPerMonthUsd: 0 },
};

const MICROS = 1_000_000;
const micros = (dollars: number) => Math.round(dollars * MICROS);

/** The bots of this installation, as their file describes them. */
@Injectable()
export class AssistantsService {
  private readonly configured: ReadonlyMap<string, Assistant>;

  constructor(@Inject(CONFIG) private readonly config: ChatAiConfig) {
    const file = config.CHAT_AI_ASSISTANTS_FILE;
    const entries = file ? Object.entries(readAssistants(file)) : [];
    this.configured = new Map(
      entries.map(([botId, entry]) => [botId, this.resolve(botId, entry, file ? dirname(resolve(file)) : '.')]),
    );
  }

  all(): Assistant[] {
    return [...this.configured.values()];
  }

  of(botId: string): Assistant {
    return this.configured.get(botId) ?? this.resolve(botId, UNCONFIGURED, '.');
  }

  private resolve(botId: string, entry: AssistantEntry, folder: string): Assistant {
    const apiKey = entry.apiKeyFile
      ? readKey(resolve(folder, entry.apiKeyFile))
      : (this.config.CHAT_AI_API_KEY ?? this.config.OPENAI_API_KEY);
    const named = entry.baseUrl ?? this.config.CHAT_AI_BASE_URL;
    const price = entry.pricePerMillionTokensUsd;
    return {
      botId,
      name: entry.name,
      systemPrompt: entry.systemPrompt,
      model: entry.model ?? this.config.CHAT_AI_MODEL,
      // A server of one's own often asks for no key; the public one always does.
      connection: apiKey || named ? { baseUrl: named ?? PUBLIC_API, apiKey } : undefined,
      knowledgeFolder: entry.knowledge && resolve(folder, entry.knowledge),
      temperature: entry.temperature,
      maxOutputTokens: entry.maxOutputTokens ?? this.config.CHAT_AI_MAX_OUTPUT_TOKENS,
      contextTokens: entry.contextTokens ?? this.config.CHAT_AI_CONTEXT_TOKENS,
      budgets: {
        personPerDay: micros(entry.budgets.personPerDayUsd),
        botPerMonth: micros(entry.budgets.botPerMonthUsd),
      },
      ownPrice: price && {
        input: micros(price.input),
        cachedInput: micros(price.cachedInput),
        output: micros(price.output),
      },
    };
  }
}

function readAssistants(file: string): z.output<typeof AssistantsFile> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`CHAT_AI_ASSISTANTS_FILE: ${(error as Error).message}`);
  }
  const parsed = AssistantsFile.safeParse(content);
  if (!parsed.success) throw new ConfigError(`CHAT_AI_ASSISTANTS_FILE ${file}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`apiKeyFile: ${(error as Error).message}`);
  }
}
