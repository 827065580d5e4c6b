import { randomBytes } from 'node:crypto';
import type { ChatRequest, ReasoningEffort, Tool } from './chat.api';
import { compose } from './compose';
import type { Conversation } from './conversation';
import { stems } from './knowledge';
import type { Model } from './models';
import { exampleOf } from './schema-example';
import type { ScriptedReply } from './script';
import { countTokens, firstTokens, splitTokens } from './tokens';

type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** What the model says, whichever way it is sent. */
export interface Answer {
  /** The text in the pieces a stream sends it in. */
  pieces: string[];
  toolCalls: { id: string; name: string; arguments: string }[];
  refusal: string | null;
  finishReason: FinishReason;
  usage: Usage;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number; audio_tokens: number };
  completion_tokens_details: {
    reasoning_tokens: number;
    audio_tokens: number;
    accepted_prediction_tokens: number;
    rejected_prediction_tokens: number;
  };
}

/** What the sandbox says on its own: a tool call, the JSON that was asked for, or text. */
export function improvise(request: ChatRequest, conversation: Conversation): ScriptedReply {
  const call = chooseToolCall(request, conversation.question);
  if (call) return { toolCalls: [call] };
  const format = request.response_format;
  if (format?.type === 'json_schema') {
    return { text: JSON.stringify(exampleOf(format.json_schema.schema ?? {}, conversation.question)) };
  }
  const text = compose(conversation);
  return { text: format?.type === 'json_object' ? JSON.stringify({ sandbox: true, answer: text }) : text };
}

/** Turns a reply into an answer that keeps to `stop` and the token limit of the request and knows what it cost. */
export function answerOf(reply: ScriptedReply, request: ChatRequest, promptTokens: number, model: Model): Answer {
  const said = reply.chunks ?? splitTokens(reply.text ?? '');
  const most = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const thought = Math.min(most, thoughtOf(reply, request, model));
  const { pieces, cut } = limit(said, request, most - thought);
  const toolCalls = (reply.toolCalls ?? []).map((call) => ({
    id: call.id ?? `call_${randomBytes(12).toString('hex')}`,
    name: call.name,
    arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }));
  const refusal = reply.refusal ?? null;
  const written = pieces.join('') + (refusal ?? '') + toolCalls.map((call) => call.name + call.arguments).join('');
  return {
    pieces,
    toolCalls,
    refusal,
    finishReason: reply.finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : cut ? 'length' : 'stop'),
    usage: usageOf(reply.usage, promptTokens, { written: countTokens(written), thought }),
  };
}

/** The cost of several choices: the prompt once, and every answer. */
export function sumOf(answers: Answer[]): Usage {
  const [first, ...others] = answers.map(({ usage }) => usage);
  const more = others.reduce((sum, { completion_tokens }) => sum + completion_tokens, 0);
  const details = first!.completion_tokens_details;
  const thought = answers.reduce((sum, { usage }) => sum + usage.completion_tokens_details.reasoning_tokens, 0);
  return {
    ...first!,
    completion_tokens_details: { ...details, reasoning_tokens: thought },
    completion_tokens: first!.completion_tokens + more,
    total_tokens: first!.total_tokens + more,
  };
}

export const REFUSAL: ScriptedReply = { refusal: "I'm sorry, but I can't help with that. (Sandbox refusal)" };
export const EMPTY: ScriptedReply = { text: '' };

/** Tokens that a reasoning model thinks by itself; what is scripted says all it costs. */
function thoughtOf({ usage }: ScriptedReply, { reasoning_effort: effort }: ChatRequest, { reasons }: Model): number {
  return reasons && usage?.completionTokens === undefined ? TOKENS_OF_THOUGHT[effort ?? 'medium'] : 0;
}

const TOKENS_OF_THOUGHT: Record<ReasoningEffort, number> = {
  none: 0,
  minimal: 0,
  low: 64,
  medium: 128,
  high: 512,
  xhigh: 1024,
  max: 2048,
};

function limit(said: string[], request: ChatRequest, most: number): { pieces: string[]; cut: boolean } {
  const text = said.join('');
  const stops = [request.stop ?? []].flat().map((stop) => text.indexOf(stop));
  const stopAt = Math.min(text.length, ...stops.filter((index) => index >= 0));
  const kept = most === Infinity ? text.slice(0, stopAt) : firstTokens(text.slice(0, stopAt), most);
  return { pieces: take(said, kept.length), cut: kept.length < stopAt };
}

/** The pieces up to so many UTF-16 units, the last one cut if need be. */
function take(pieces: string[], length: number): string[] {
  let left = length;
  return pieces.flatMap((piece) => {
    const kept = piece.slice(0, left);
    left -= kept.length;
    return kept === '' ? [] : [kept];
  });
}

function usageOf(
  scripted: ScriptedReply['usage'],
  promptTokens: number,
  { written, thought }: { written: number; thought: number },
): Usage {
  const prompt = scripted?.promptTokens ?? promptTokens;
  const completion = scripted?.completionTokens ?? written + thought;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: scripted?.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: scripted?.reasoningTokens ?? thought,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** A word of the name tells more than one of the description, which is prose. */
const NAME_WEIGHT = 2;
/** One word of the name, or two of the description. */
const ENOUGH = 2;

interface ChosenCall {
  name: string;
  arguments: Record<string, unknown> | string;
}

/** The call a model would make now: the tool the person's words speak of, with arguments taken from those words. */
function chooseToolCall(request: ChatRequest, question: string): ChosenCall | undefined {
  const { tools = [], tool_choice: choice = 'auto' } = request;
  if (choice === 'none') return undefined;
  if (typeof choice === 'object')
    return callOf(
      tools.find((tool) => tool.function.name === choice.function.name),
      question,
    );
  // What a tool has answered is told first; calling again would go on for ever.
  if (choice === 'auto' && request.messages.at(-1)?.role === 'tool') return undefined;

  const asked = new Set([...stems(question), ...inEnglish(question)]);
  const ranked = tools.map((tool) => ({ tool, score: scoreOf(tool, asked) })).sort((a, b) => b.score - a.score);
  const best = ranked[0];
  if (!best || (choice === 'auto' && best.score < ENOUGH)) return undefined;
  return callOf(best.tool, question);
}

/** Tools are described in English, whatever people speak: what Russian words mean of which tools of ours tell. */
const MEANINGS: readonly [russian: RegExp, english: string][] = [
  [/подписк|тариф/i, 'subscription'],
  [/плат[её]ж|оплат|списал|заказ|баланс/i, 'payments orders'],
  [/впн|медленн|тормоз|подключ|трафик|устройств/i, 'vpn'],
  [/(от|вы)ключ\p{L}* (авто)?продлен/iu, 'turn off renewal'],
  [/оператор|сотрудник|жив(ой|ого|ым) человек|с человеком/i, 'human operator talk'],
];

const inEnglish = (question: string) =>
  MEANINGS.flatMap(([russian, english]) => (russian.test(question) ? stems(english) : []));

function scoreOf({ function: { name, description = '' } }: Tool, asked: Set<string>): number {
  const named = new Set(stems(name.replace(/([a-z])([A-Z])|[_-]/g, '$1 $2')));
  const described = new Set(stems(description));
  const shared = [...asked].map((word) => (named.has(word) ? NAME_WEIGHT : described.has(word) ? 1 : 0));
  return shared.reduce<number>((sum, points) => sum + points, 0);
}

function callOf(tool: Tool | undefined, question: string): ChosenCall | undefined {
  if (!tool) return undefined;
  const { name, parameters } = tool.function;
  return { name, arguments: parameters ? (exampleOf(parameters, question) as Record<string, unknown>) : {} };
}
