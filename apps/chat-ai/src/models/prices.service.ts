import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource, LessThanOrEqual } from 'typeorm';
import type { Assistant } from '../assistants/assistant';
import type { ChatAiConfig } from '../chat-ai.config';
import { ModelPrice } from './model-price.entity';
import type { Price } from './price';

export interface KnownPrice {
  /** What budgets count with. */
  readonly price: Price;
  /** False when no list has the model: its cost is then recorded as nothing. */
  readonly isKnown: boolean;
}

@Injectable()
export class PricesService {
  private readonly fallback: Price;
  private readonly listed = new LRUCache<string, KnownPrice>({ max: 1000, ttl: 60_000 });

  constructor(
    @Inject(CONFIG) config: ChatAiConfig,
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {
    const micros = Math.round(config.CHAT_AI_UNKNOWN_PRICE_USD * 1_000_000);
    this.fallback = { input: micros, cachedInput: micros, output: micros };
  }

  /** The assistant's own price, else the latest of the table that is valid today. */
  async of({ model, ownPrice }: Assistant): Promise<KnownPrice> {
    if (ownPrice) return { price: ownPrice, isKnown: true };
    const today = this.clock.now().toISOString().slice(0, 10);
    const key = `${today} ${model}`;
    const cached = this.listed.get(key);
    if (cached) return cached;
    const listed = await this.db.manager.findOne(ModelPrice, {
      where: { model, validFrom: LessThanOrEqual(today) },
      order: { validFrom: 'DESC' },
    });
    const found = listed ? { price: listed, isKnown: true } : { price: this.fallback, isKnown: false };
    this.listed.set(key, found);
    return found;
  }
}
