import type { Request } from 'express';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import type { Faults } from '../kit/faults';
import { modelNotFound, noVision } from './api-error';
import type { ChatRequest } from './chat.api';
import { type Model, type ModelKind, USUAL_MODELS, wrongKind } from './models';
import { DEFAULT_LIMITS, type Limits, RateMeter } from './rate-meter';
import { Script } from './script';
import { assertReadable } from './vision';

/** Milliseconds until the first token and from each token to the next, of an answer and of the thinking before it; zeros answer at once. */
export interface Pace {
  firstTokenMs: number;
  betweenTokensMs: number;
  betweenReasoningTokensMs: number;
}

/** What a small hosted model feels like on a good day. */
const DEFAULT_PACE: Pace = { firstTokenMs: 250, betweenTokensMs: 25, betweenReasoningTokensMs: 5 };
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

  /** What is known of a model. Throws the 404 for one that is not on the list, and a refusal of one of another kind. */
  modelFor(kind: ModelKind | undefined, id: string): Model {
    const isServed = this.models.has(id) || (this.options.acceptAnyModel && !id.startsWith('no-such'));
    if (!isServed) throw modelNotFound(id);
    const model = this.models.get(id) ?? { id };
    if (kind && model.kind && model.kind !== kind) throw wrongKind(id, kind);
    return model;
  }

  /** Throws the 400 for pictures that are shown to a model without vision, or are none. */
  assertCanSee({ messages }: Pick<ChatRequest, 'messages'>, { vision }: Model): void {
    const parts = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    const pictures = parts.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
    if (vision === false && pictures.length > 0) throw noVision();
    pictures.forEach(assertReadable);
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
