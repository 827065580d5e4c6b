import type { Answer, Usage } from './chat.answer';
import type { Quirk } from './misbehave';
import { splitTokens } from './tokens';

/** The fields every body and chunk of one completion shares. */
export interface Head {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
}

type ToolCallDelta = {
  index: number;
  id?: string;
  type?: 'function';
  function: { name?: string; arguments: string };
};

interface Delta {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCallDelta[];
  reasoning_content?: string;
  reasoning?: string;
}

/** A chunk and the number of the token with which it leaves, counted from 0. */
export interface TimedChunk {
  atToken: number;
  isLast: boolean;
  body: object;
}

const REASONING = 'The person asks something. I am a pretend model, so I shall say so and answer.';
const FIXED = { service_tier: 'default', system_fingerprint: 'fp_sandbox' };

/** The body of an answer that is not streamed. */
export function completionOf(answer: Answer, { id, created, model }: Head, quirks: ReadonlySet<Quirk>): object {
  const called = answer.toolCalls.length > 0;
  const message = {
    role: 'assistant',
    content: answer.refusal !== null || (called && answer.pieces.length === 0) ? null : answer.pieces.join(''),
    refusal: answer.refusal,
    ...(quirks.has('reasoning-content') && { reasoning_content: REASONING }),
    ...(quirks.has('reasoning') && { reasoning: REASONING }),
    ...(called && {
      tool_calls: answer.toolCalls.map(({ id, name, arguments: text }) => ({
        ...(!quirks.has('no-tool-id') && { id }),
        type: 'function',
        function: { name, arguments: text },
      })),
    }),
    annotations: [],
  };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    ...(!quirks.has('no-usage') && { usage: answer.usage }),
    ...FIXED,
  };
}

/** The chunks of a streamed answer, in their order, without the closing `[DONE]`. */
export function* chunksOf(
  answer: Answer,
  { id, created, model }: Head,
  quirks: ReadonlySet<Quirk>,
  includeUsage: boolean,
): Generator<TimedChunk> {
  const unfinished = quirks.has('empty-finish-reason') ? '' : null;
  let sent = 0;
  const chunk = (choices: object[], usage: Usage | null) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices,
    ...((includeUsage || quirks.has('usage-in-every-chunk')) && !quirks.has('no-usage') && { usage }),
    ...FIXED,
  });
  const running = () => (quirks.has('usage-in-every-chunk') ? usageSoFar(answer.usage, sent) : null);
  const timed = (delta: Delta, finish: string | null = unfinished): TimedChunk => ({
    atToken: Math.max(0, sent - 1),
    isLast: finish !== unfinished,
    body: chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }], running()),
  });

  if (!quirks.has('no-role-chunk')) {
    yield timed({ role: 'assistant', content: answer.toolCalls.length > 0 ? null : '', refusal: null });
  }
  for (const delta of deltasOf(answer, quirks)) {
    sent += 1;
    yield timed(delta);
  }
  yield timed({}, answer.finishReason);
  if (includeUsage && !quirks.has('no-usage')) {
    yield { atToken: Math.max(0, sent - 1), isLast: true, body: chunk([], answer.usage) };
  }
}

function* deltasOf(answer: Answer, quirks: ReadonlySet<Quirk>): Generator<Delta> {
  const thought = splitTokens(REASONING);
  if (quirks.has('reasoning-content')) yield* thought.map((piece) => ({ reasoning_content: piece }));
  if (quirks.has('reasoning')) yield* thought.map((piece) => ({ reasoning: piece }));
  yield* answer.pieces.map((content) => ({ content }));
  yield* splitTokens(answer.refusal ?? '').map((refusal) => ({ refusal }));
  for (const [position, call] of answer.toolCalls.entries()) {
    const index = quirks.has('tool-index-zero') ? 0 : position;
    const id = quirks.has('no-tool-id') ? {} : { id: call.id };
    const whole = quirks.has('whole-arguments');
    const opening = { name: call.name, arguments: whole ? call.arguments : '' };
    yield { tool_calls: [{ index, ...id, type: 'function', function: opening }] };
    if (whole) continue;
    for (const fragment of splitTokens(call.arguments))
      yield { tool_calls: [{ index, function: { arguments: fragment } }] };
  }
}

function usageSoFar(usage: Usage, tokens: number): Usage {
  const completion = Math.min(tokens, usage.completion_tokens);
  return { ...usage, completion_tokens: completion, total_tokens: usage.prompt_tokens + completion };
}
