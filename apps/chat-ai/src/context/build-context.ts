import type { ChatMessage } from '../models/chat-model';
import { knowledgeSection, type Passage, passageText, summarySection } from './prompt-sections';
import { countTokens, cutToTokens } from './tokens';

/** Source: OpenAI's published rule for chats, rounded up: what surrounds each message, and what primes the answer. */
const AROUND_MESSAGE = 4;
const PRIMING = 3;
/** Joining two texts may cost a token or two more than each has alone. */
const JOINT = 2;
/** Knowledge may take so much of what is left, that it never drives out the conversation itself. */
const KNOWLEDGE_SHARE = 0.5;
/** A question shorter than this is no question any more. */
const SHORTEST_QUESTION = 16;

/** One earlier or present message. */
export interface ContextMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly tokens: number;
  /** Messages of one group go together or not at all: a question with its answer, a tool's call with its results. */
  readonly group: string;
  /** True when the summary covers it. */
  readonly summarised: boolean;
}

export interface ContextParts {
  readonly system: string;
  /** Best first. */
  readonly passages: readonly Passage[];
  readonly summary: string | undefined;
  /** Oldest first, whole groups one after the other. */
  readonly history: readonly ContextMessage[];
  /** The messages to be answered, oldest first; at least one. */
  readonly question: readonly [ContextMessage, ...ContextMessage[]];
  /** Tokens at most. */
  readonly limit: number;
}

/** What became of every part, by its id: each is in exactly one of kept, summarised and dropped. */
export interface ContextReport {
  readonly limit: number;
  readonly tokens: number;
  readonly kept: string[];
  readonly summarised: string[];
  readonly dropped: string[];
  /** Of those kept, what is there in part only. */
  readonly shortened: string[];
}

export interface Context {
  readonly messages: ChatMessage[];
  /** The passages kept, in the order of their numbers. */
  readonly passages: readonly Passage[];
  readonly report: ContextReport;
}

export class SystemPromptTooLong extends Error {
  override readonly name = 'SystemPromptTooLong';
}

/**
 * Chooses what a model is sent. The system prompt and the newest message always go; then, while there is room: other
 * messages to be answered, knowledge, the summary, and the history from the newest back to the first that does not fit.
 */
export function buildContext(parts: ContextParts): Context {
  const room = new Room(parts.limit - PRIMING);
  room.take(countTokens(parts.system) + AROUND_MESSAGE);
  if (room.left < SHORTEST_QUESTION) {
    throw new SystemPromptTooLong(`the system prompt leaves ${room.left} of ${parts.limit} tokens`);
  }
  const question = keepQuestion(parts.question, room);
  const passages = keepPassages(parts.passages, room);
  const summary = keepSummary(parts, room);
  const history = keepHistory(parts.history, room, summary !== undefined);

  const sections = [
    parts.system,
    summary && summarySection(summary),
    passages.length > 0 && knowledgeSection(passages),
  ];
  const inOrder = [...history.kept, ...question.kept];
  const kept = new Set([...inOrder, ...passages].map(({ id }) => id));
  const summarised = new Set(history.summarised);
  const everything = [...parts.passages, ...parts.history, ...parts.question].map(({ id }) => id);
  return {
    messages: [
      { role: 'system', content: sections.filter(Boolean).join('\n\n') },
      ...inOrder.map(({ role, text }) => ({ role, content: text })),
    ],
    passages,
    report: {
      limit: parts.limit,
      tokens: parts.limit - room.left,
      kept: everything.filter((id) => kept.has(id)),
      summarised: everything.filter((id) => summarised.has(id)),
      dropped: everything.filter((id) => !kept.has(id) && !summarised.has(id)),
      shortened: question.shortened,
    },
  };
}

class Room {
  constructor(public left: number) {}

  /** False, and nothing taken, when there is not so much left. */
  takeIfFits(tokens: number): boolean {
    if (tokens > this.left) return false;
    this.left -= tokens;
    return true;
  }

  take(tokens: number): void {
    this.left -= tokens;
  }
}

function keepQuestion(question: ContextParts['question'], room: Room): { kept: ContextMessage[]; shortened: string[] } {
  const newest = question.at(-1)!;
  const whole = room.takeIfFits(newest.tokens + AROUND_MESSAGE);
  const kept = [whole ? newest : shortenedTo(room.left - AROUND_MESSAGE, newest)];
  if (!whole) room.take(kept[0]!.tokens + AROUND_MESSAGE);
  for (const message of question.slice(0, -1).reverse()) {
    if (!room.takeIfFits(message.tokens + AROUND_MESSAGE)) break;
    kept.unshift(message);
  }
  return { kept, shortened: whole ? [] : [newest.id] };
}

function shortenedTo(limit: number, message: ContextMessage): ContextMessage {
  const text = cutToTokens(message.text, limit);
  return { ...message, text, tokens: countTokens(text) };
}

function keepPassages(passages: readonly Passage[], room: Room): Passage[] {
  const share = new Room(Math.floor(room.left * KNOWLEDGE_SHARE));
  const before = share.left;
  share.take(countTokens(knowledgeSection([])) + JOINT);
  const kept = passages.filter((passage, i) => share.takeIfFits(countTokens(passageText(passage, i + 1)) + JOINT));
  if (kept.length > 0) room.take(before - share.left);
  return kept;
}

function keepSummary({ summary, history }: ContextParts, room: Room): string | undefined {
  if (summary === undefined || !history.some(({ summarised }) => summarised)) return undefined;
  return room.takeIfFits(countTokens(summarySection(summary)) + JOINT) ? summary : undefined;
}

/** Without gaps: the first group that does not fit ends it, because an answer to something unseen misleads. */
function keepHistory(history: readonly ContextMessage[], room: Room, hasSummary: boolean) {
  const kept: ContextMessage[] = [];
  const summarised: string[] = [];
  let isFull = false;
  for (const group of groupsOf(history).reverse()) {
    if (hasSummary && group.every((message) => message.summarised)) {
      summarised.push(...group.map(({ id }) => id));
      continue;
    }
    isFull ||= !room.takeIfFits(group.reduce((sum, { tokens }) => sum + tokens + AROUND_MESSAGE, 0));
    if (!isFull) kept.unshift(...group);
  }
  return { kept, summarised };
}

function groupsOf(history: readonly ContextMessage[]): ContextMessage[][] {
  const groups: ContextMessage[][] = [];
  for (const message of history) {
    const last = groups.at(-1);
    if (last?.[0]?.group === message.group) last.push(message);
    else groups.push([message]);
  }
  return groups;
}
