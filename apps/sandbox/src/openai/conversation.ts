import type { ChatRequest, Message, UserPart } from './chat.api';
import type { StoredFile } from './context';
import { imageTokens } from './vision';
import { countTokens } from './tokens';

export type Language = 'en' | 'ru';

/** What an answer can be made of. */
export interface Conversation {
  /** Everything the system and developer messages say, and the documents that people gave. */
  system: string;
  /** What may be quoted: what stands between knowledge tags, and documents that people gave. Instructions may not. */
  knowledge: string[];
  /** Whether somebody is there at this moment, in the words of the instructions. */
  openNow?: string;
  /** The person's last message, in words. */
  question: string;
  /** What the person wrote before, oldest first. */
  earlier: string[];
  /** What came along with the last message; `detail` of a picture is its address, until somebody looks at it. */
  attachments: { kind: 'image' | 'audio' | 'file' | 'text'; detail: string }[];
  /** The answers of tools called for the last message. */
  toolResults: { name: string; content: string }[];
  /** Of the person's last words. */
  language: Language;
}

/** `files` are those that messages may name by their id. */
export function readConversation(
  messages: Message[],
  files: ReadonlyMap<string, StoredFile> = new Map(),
): Conversation {
  const of = (...roles: Message['role'][]) => messages.filter(({ role }) => roles.includes(role));
  const said = of('user').map(textOf);
  const lastWords = said.at(-1) ?? '';
  const users = said.map((text) => text.replaceAll(DOCUMENT, '').replace(FILE_LABEL, '').trim());
  const question = users.at(-1) ?? '';
  const system = of('system', 'developer').map(textOf);
  // Where people say nothing in words, the language that the instructions name.
  const spoken = /when that is unclear, in Russian/.test(system.join('\n')) ? 'русский' : '';
  const language = languageOf([...users.toReversed().map((text) => text.replace(UNHEARD, '')), spoken]);
  const [openNow] = /At this moment it is [^\n]*/.exec(system.join('\n')) ?? [];
  return {
    system: [...system, ...said.flatMap(documentsIn)].join('\n\n'),
    knowledge: [...system.flatMap(knowledgeIn), ...said.flatMap(documentsIn)],
    ...(openNow && { openNow }),
    question,
    earlier: users.slice(0, -1).filter(Boolean),
    attachments: [
      ...attachmentsOf(
        messages.findLast(({ role }) => role === 'user'),
        files,
      ),
      ...documentsIn(lastWords).map((text) => ({ kind: 'text' as const, detail: text })),
    ],
    toolResults: toolResultsOf(messages),
    language,
  };
}

/** How a message may name the file that it came with, and hold the text of one. */
const FILE_LABEL = /^\[(?:photo|document)(?:: [^\]]*)?\]/;
const DOCUMENT = /<document>\n?([\s\S]*?)\n?<\/document>/g;
const KNOWLEDGE = /<knowledge>\n?([\s\S]*?)\n?<\/knowledge>/g;
/** What the sandbox makes of a voice message that it cannot hear: it tells nothing of the speaker's language. */
const UNHEARD = /^\[sandbox\].*/;
const knowledgeIn = (text: string) => [...text.matchAll(KNOWLEDGE)].map(([, knowledge]) => knowledge!);
const documentsIn = (text: string) => [...text.matchAll(DOCUMENT)].map(([, document]) => document!);

export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return (content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** Of the first text with letters in it, by the alphabet that prevails there. */
export function languageOf(texts: string[]): Language {
  for (const text of texts) {
    const cyrillic = text.match(/\p{Script=Cyrillic}/gu)?.length ?? 0;
    const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
    if (cyrillic + latin > 0) return cyrillic >= latin ? 'ru' : 'en';
  }
  return 'en';
}

function attachmentsOf(
  message: Message | undefined,
  files: ReadonlyMap<string, StoredFile>,
): Conversation['attachments'] {
  if (message?.role !== 'user' || typeof message.content === 'string') return [];
  return message.content.flatMap((part): Conversation['attachments'] => {
    switch (part.type) {
      case 'text':
        return [];
      case 'image_url':
        return [{ kind: 'image', detail: part.image_url.url }];
      case 'input_audio':
        return [{ kind: 'audio', detail: part.input_audio.format }];
      case 'file': {
        const { file_id = '', filename } = part.file;
        return [{ kind: 'file', detail: filename ?? files.get(file_id)?.filename ?? file_id }];
      }
    }
  });
}

function toolResultsOf(messages: Message[]): Conversation['toolResults'] {
  const names = new Map<string, string>();
  for (const message of messages) {
    if (message.role !== 'assistant') continue;
    message.tool_calls?.forEach((call) => names.set(call.id, call.function.name));
  }
  const afterQuestion = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  return afterQuestion.flatMap((message) =>
    message.role === 'tool' ? [{ name: names.get(message.tool_call_id) ?? '', content: textOf(message) }] : [],
  );
}

/** Tokens; that of gpt-4o. */
export const CONTEXT_WINDOW = 128_000;

/** OpenAI's published rule for chats: three tokens around each message, one more for a name, three to prime the answer. */
const AROUND_MESSAGE = 3;
const PRIMING = 3;
/** A guess: the sandbox's model opens no files and no recordings. */
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
      return imageTokens(part.image_url.url, part.image_url.detail ?? 'auto');
    default:
      return OTHER_PART;
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
