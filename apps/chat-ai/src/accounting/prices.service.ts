import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource, LessThanOrEqual } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';
import type { TokenUsage } from '../models/chat-model';
import { ModelPrice } from './model-price.entity';

/** Millionths of a US dollar per million tokens. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

export interface PricedModel {
  readonly model: string;
  /** Goes before what is listed. */
  readonly ownPrice?: Price | undefined;
}

export interface KnownPrice {
  /** What budgets count with. */
  readonly price: Price;
  /** False when no list has the model: its cost is then recorded as nothing. */
  readonly isKnown: boolean;
}

const MILLION = 1_000_000;

/** Whole micros, rounded up: what was used is never free. */
export function costOf({ inputTokens, cachedInputTokens, outputTokens }: TokenUsage, price: Price): number {
  const fresh = Math.max(0, inputTokens - cachedInputTokens);
  return Math.ceil(
    (fresh * price.input + cachedInputTokens * price.cachedInput + outputTokens * price.output) / MILLION,
  );
}

@Injectable()
export class PricesService {
  private readonly fallback: Price;
  /** A row that somebody adds holds within a minute. */
  private readonly listed = new LRUCache<string, KnownPrice>({ max: 1000, ttl: 60_000 });

  constructor(
    @Inject(CONFIG) config: ChatAiConfig,
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {
    const micros = Math.round(config.CHAT_AI_UNKNOWN_PRICE_USD * MILLION);
    this.fallback = { input: micros, cachedInput: micros, output: micros };
  }

  /** The price given with the model, else the latest of the table that is valid today. */
  async get({ model, ownPrice }: PricedModel): Promise<KnownPrice> {
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
