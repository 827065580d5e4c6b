import type { Request } from 'express';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import type { Faults } from '../kit/faults';
import { modelNotFound, noVision } from './api-error';
import type { ChatRequest } from './chat.api';
import { DEFAULT_LIMITS, type Limits, RateMeter } from './rate-meter';
import { Script } from './script';

/** Milliseconds until the first token and from each token to the next; zeros answer at once. */
export interface Pace {
  firstTokenMs: number;
  betweenTokensMs: number;
}

/** What a small hosted model feels like on a good day. */
const DEFAULT_PACE: Pace = { firstTokenMs: 250, betweenTokensMs: 25 };
/** Bodies may hold pictures. */
const CALLS_KEPT = 1000;

export interface OpenAiOptions {
  pace?: Partial<Pace>;
  limits?: Partial<Limits>;
  /** More models than the usual ones. */
  models?: (string | Model)[];
  /** Serve any model but those called `no-such…`; without it an unknown one is a 404. */
  acceptAnyModel?: boolean;
  /** More keys than those that begin with `sk-sandbox`. */
  keys?: string[];
  /** Take any key but those that begin with `sk-invalid`; without it an unknown one is a 401. */
  acceptAnyKey?: boolean;
}

export interface Model {
  id: string;
  /** The day on which it is switched off, `YYYY-MM-DD`. */
  shutdown_date?: string | null | undefined;
  /** False for one that refuses pictures. */
  vision?: boolean | undefined;
}

/** What was received, with the last four characters of the key: enough to tell keys of a pool apart. */
export interface RequestFacts {
  method: string;
  path: string;
  keyEnding: string | null;
  /** The JSON body, or for a form its fields with `file: { name, mimeType, bytes }`. */
  body: unknown;
}

const StoredFile = z.object({
  id: z.string(),
  bytes: z.int(),
  created_at: z.int(),
  expires_at: z.int().nullable(),
  filename: z.string(),
  purpose: z.string(),
  base64: z.string(),
});
export type StoredFile = z.infer<typeof StoredFile>;

const StoredResponse = z.object({
  /** The response as it was sent. */
  response: z.looseObject({ id: z.string() }),
  /** The conversation up to and with its answer, as chat messages. */
  messages: z.array(z.unknown()),
});
export type StoredResponse = z.infer<typeof StoredResponse>;

const Saved = z.object({ files: z.array(StoredFile), responses: z.array(StoredResponse) });

/** Everything the endpoints share. */
export class Context {
  readonly script = new Script();
  readonly calls = new CallLog<RequestFacts>(CALLS_KEPT);
  readonly meter: RateMeter;
  readonly pace: Pace;
  readonly files = new Map<string, StoredFile>();
  readonly responses = new Map<string, StoredResponse>();
  readonly models = new Map<string, Model>();

  constructor(
    readonly faults: Faults,
    private readonly options: OpenAiOptions,
  ) {
    this.meter = new RateMeter(this.limits);
    this.pace = { ...DEFAULT_PACE, ...options.pace };
    this.listModels();
  }

  /** Throws the 404 for a model that is not on the list. */
  assertModel(model: string): void {
    const served = this.models.has(model) || (this.options.acceptAnyModel && !model.startsWith('no-such'));
    if (!served) throw modelNotFound(model);
  }

  /** Throws the 400 for pictures that are shown to a model without vision. */
  assertCanSee({ model, messages }: Pick<ChatRequest, 'model' | 'messages'>): void {
    const parts = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    if (this.models.get(model)?.vision === false && parts.some(({ type }) => type === 'image_url')) throw noVision();
  }

  accepts(key: string): boolean {
    if (this.options.acceptAnyKey) return !key.startsWith('sk-invalid');
    return key.startsWith('sk-sandbox') || (this.options.keys ?? []).includes(key);
  }

  spend(req: Request, tokens: number): void {
    this.meter.spend(req, tokens);
  }

  reset(): void {
    this.script.clear();
    this.files.clear();
    this.responses.clear();
    this.meter.setLimits(this.limits);
    Object.assign(this.pace, DEFAULT_PACE, this.options.pace);
    this.listModels();
  }

  save(): object {
    return { files: [...this.files.values()], responses: [...this.responses.values()] };
  }

  restore(source: unknown): void {
    if (!source) return;
    const saved = Saved.parse(source);
    saved.files.forEach((file) => this.files.set(file.id, file));
    saved.responses.forEach((stored) => this.responses.set(stored.response.id, stored));
  }

  private get limits(): Limits {
    return { ...DEFAULT_LIMITS, ...this.options.limits };
  }

  private listModels(): void {
    this.models.clear();
    const more = this.options.models?.map((model) => (typeof model === 'string' ? { id: model } : model));
    for (const model of [...USUAL_MODELS, ...(more ?? [])]) this.models.set(model.id, model);
  }
}

export const idOf = (prefix: string) => prefix + randomUUID().replaceAll('-', '');

const until = (shutdown_date: string | null, ...ids: string[]): Model[] => ids.map((id) => ({ id, shutdown_date }));

/** OpenAI's, with the days on which it switches them off as announced in November 2026, and one of ours. */
const USUAL_MODELS: Model[] = [
  ...until(null, 'sandbox-model', 'gpt-6-luna', 'gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-5.6-sol', 'gpt-5.6-terra'),
  ...until('2027-04-01', 'gpt-5.1'),
  ...until('2026-12-11', 'gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'o3'),
  ...until('2027-01-14', 'gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-mini'),
  ...until(null, 'text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'),
  ...until(null, 'omni-moderation-latest'),
  ...until(null, 'gpt-image-2.6-flare', 'gpt-image-2.6-sunburst', 'gpt-image-2'),
  ...until('2027-01-06', 'tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'),
  ...until(null, 'gpt-transcribe'),
  ...until('2027-02-26', 'whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'),
];
