import OpenAI from 'openai';
import type { ChatModel, Listening, ModelAnswer, ModelRequest, TokenUsage } from './chat-model';
import { ModelFailure } from './chat-model';
import { failureOf } from './openai-failure';
import { Patience, type PatienceLimits } from './patience';

type Parameters = OpenAI.ChatCompletionCreateParamsStreaming;

/** Any server that speaks the OpenAI chat completions API. Source: OpenAI API reference, "Chat". */
export class OpenAiModel implements ChatModel {
  private readonly client: OpenAI;
  private readonly isPublic: boolean;

  constructor(
    { baseUrl, apiKey }: { baseUrl: string; apiKey: string | undefined },
    private readonly limits: PatienceLimits,
  ) {
    this.client = new OpenAI({
      baseURL: baseUrl,
      // The client insists on a key; servers that need none ignore it.
      apiKey: apiKey ?? 'none',
      // Whether to try again depends on what the person has already seen, which the client does not know.
      maxRetries: 0,
      timeout: limits.totalMs,
      // It would log pieces of the answer.
      logLevel: 'off',
    });
    this.isPublic = new URL(baseUrl).hostname === 'api.openai.com';
  }

  async answer(request: ModelRequest, { signal, onText }: Listening): Promise<ModelAnswer> {
    const patience = new Patience(this.limits);
    const answer = new GrowingAnswer();
    try {
      const either = AbortSignal.any([signal, patience.signal]);
      const stream = await this.client.chat.completions.create(this.parametersOf(request), { signal: either });
      for await (const chunk of stream) {
        patience.heard();
        if (answer.take(chunk)) await onText?.(answer.text);
        if (either.aborted) break;
      }
      // An aborted stream ends without an error.
      if (either.aborted) throw new Error('aborted');
      return answer.finish();
    } catch (error) {
      if (signal.aborted) throw new ModelFailure('abandoned', answer.text, { cause: error });
      if (patience.signal.aborted) throw new ModelFailure('timed_out', answer.text, { cause: error });
      throw failureOf(error, answer.text);
    } finally {
      patience.stop();
    }
  }

  private parametersOf({ model, messages, maxOutputTokens, temperature }: ModelRequest): Parameters {
    return {
      model,
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
      ...(temperature !== undefined && { temperature }),
      // Newer models of OpenAI refuse the old name, and many compatible servers do not know the new one.
      ...(this.isPublic ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens }),
    };
  }
}

class GrowingAnswer {
  private content = '';
  private refusal = '';
  private finishReason: string | undefined;
  private usage: TokenUsage | undefined;

  get text(): string {
    return this.content || this.refusal;
  }

  /** True when there is more text than before. Some servers send the usage in every chunk: the last one counts. */
  take(chunk: OpenAI.ChatCompletionChunk): boolean {
    if (chunk.usage) this.usage = usageOf(chunk.usage);
    const choice = chunk.choices?.[0];
    if (!choice) return false;
    this.finishReason = choice.finish_reason ?? this.finishReason;
    const before = this.text.length;
    this.content += choice.delta?.content ?? '';
    this.refusal += choice.delta?.refusal ?? '';
    return this.text.length > before;
  }

  finish(): ModelAnswer {
    const { text, usage } = this;
    // A connection that is closed in the middle looks like an end, but the model did not say that it has finished.
    if (this.finishReason === undefined && !usage) throw new ModelFailure('unavailable', text);
    const refused = this.finishReason === 'content_filter' || (this.refusal !== '' && this.content === '');
    return { text, usage, end: refused ? 'refused' : this.finishReason === 'length' ? 'length' : 'complete' };
  }
}

const usageOf = (usage: OpenAI.CompletionUsage): TokenUsage => ({
  inputTokens: usage.prompt_tokens,
  cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  outputTokens: usage.completion_tokens,
});
