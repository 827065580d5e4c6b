import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Assistant } from '../assistants/assistant';
import { Prompt } from './prompt.entity';

/** The versions of system prompts: a text never seen for a bot becomes its next version. */
@Injectable()
export class PromptsService {
  private readonly known = new LRUCache<string, Promise<Prompt>>({ max: 1000 });

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** The version that holds the assistant's present text. */
  current({ botId, systemPrompt }: Assistant): Promise<Prompt> {
    const key = `${botId}\n${systemPrompt}`;
    const known = this.known.get(key);
    if (known) return known;
    const current = this.versionOf(botId, systemPrompt);
    this.known.set(key, current);
    current.catch(() => this.known.delete(key));
    return current;
  }

  private versionOf(botId: string, text: string): Promise<Prompt> {
    const hash = createHash('sha256').update(text).digest('hex');
    return this.db.transaction(async (tx) => {
      // Processes that start together would both make the next version.
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', ['prompts', botId]);
      const existing = await tx.findOneBy(Prompt, { botId, hash });
      if (existing) return existing;
      const version = ((await tx.maximum(Prompt, 'version', { botId })) ?? 0) + 1;
      const prompt = tx.create(Prompt, { id: uuidv7(), botId, version, text, hash, createdAt: this.clock.now() });
      await tx.insert(Prompt, prompt);
      return prompt;
    });
  }
}
