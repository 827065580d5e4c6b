import { countTokens } from '../context/tokens';
import {
  type ChatModel,
  type Listening,
  ModelFailure,
  type ModelAnswer,
  type ModelRequest,
  type TokenUsage,
} from './chat-model';

/** How a call ended, and what it used. */
export interface MeteredCall {
  readonly result: ModelAnswer | ModelFailure;
  readonly tokens: TokenUsage;
  /** True when the model did not say what it used, and we counted. */
  readonly estimated: boolean;
  readonly durationMs: number;
}

const NOTHING: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
/** A server that refuses a request has not worked on it. */
const COSTS_NOTHING = ['rate_limited', 'rejected', 'context_too_long'];

/** @param promptTokens as we count what is sent */
export async function meteredCall(
  model: ChatModel,
  request: ModelRequest,
  promptTokens: number,
  listening: Listening,
): Promise<MeteredCall> {
  const started = performance.now();
  const result = await model.answer(request, listening).catch((error: unknown) => {
    if (error instanceof ModelFailure) return error;
    throw error;
  });
  const durationMs = Math.round(performance.now() - started);
  if (result instanceof ModelFailure) {
    const isFree = COSTS_NOTHING.includes(result.kind) || (result.kind === 'unavailable' && result.said === '');
    if (isFree) return { result, tokens: NOTHING, estimated: false, durationMs };
    return { result, tokens: counted(promptTokens, result.said), estimated: true, durationMs };
  }
  const tokens = result.usage ?? counted(promptTokens, result.text);
  return { result, tokens, estimated: result.usage === undefined, durationMs };
}

const counted = (inputTokens: number, said: string): TokenUsage => ({
  inputTokens,
  cachedInputTokens: 0,
  outputTokens: countTokens(said),
});
