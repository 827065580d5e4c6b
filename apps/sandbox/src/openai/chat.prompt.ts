import type { ChatRequest, UserPart } from './chat.api';
import { countTokens } from './tokens';

/** Tokens; that of gpt-4o. */
export const CONTEXT_WINDOW = 128_000;

/** OpenAI's published rule for chats: three tokens around each message, one more for a name, three to prime the answer. */
const AROUND_MESSAGE = 3;
const PRIMING = 3;
/** A picture costs 85 tokens in low detail; 765 is what 1024×1024 costs in high, and the sandbox measures no picture. */
const LOW_DETAIL = 85;
const HIGH_DETAIL = 765;
/** A guess: the sandbox opens no files and no recordings. */
const OTHER_PART = 100;

/** What the request costs as prompt tokens. */
export function countPrompt({ messages, tools }: ChatRequest): number {
  const said = messages.map((message) => {
    const { content } = message;
    const body = typeof content === 'string' ? countTokens(content) : sum((content ?? []).map(countPart));
    const calls =
      message.role === 'assistant' && message.tool_calls ? countTokens(JSON.stringify(message.tool_calls)) : 0;
    const name = 'name' in message && message.name ? countTokens(message.name) + 1 : 0;
    return AROUND_MESSAGE + 1 + body + calls + name;
  });
  return sum(said) + (tools ? countTokens(JSON.stringify(tools)) : 0) + PRIMING;
}

function countPart(part: UserPart): number {
  switch (part.type) {
    case 'text':
      return countTokens(part.text);
    case 'image_url':
      return part.image_url.detail === 'low' ? LOW_DETAIL : HIGH_DETAIL;
    default:
      return OTHER_PART;
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
