import type { Message } from './chat.api';

export type Language = 'en' | 'ru';

/** What an answer can be made of. */
export interface Conversation {
  /** Everything the system and developer messages say. */
  system: string;
  /** The person's last message, in words. */
  question: string;
  /** What the person wrote before, oldest first. */
  earlier: string[];
  /** What came along with the last message and the sandbox can neither see nor hear. */
  attachments: { kind: 'image' | 'audio' | 'file'; detail: string }[];
  /** The answers of tools called for the last message. */
  toolResults: { name: string; content: string }[];
  /** Of the person's last words. */
  language: Language;
}

export function readConversation(messages: Message[]): Conversation {
  const of = (...roles: Message['role'][]) => messages.filter(({ role }) => roles.includes(role));
  const users = of('user').map(textOf);
  const question = users.at(-1) ?? '';
  return {
    system: of('system', 'developer').map(textOf).join('\n\n'),
    question,
    earlier: users.slice(0, -1),
    attachments: attachmentsOf(messages.findLast(({ role }) => role === 'user')),
    toolResults: toolResultsOf(messages),
    language: languageOf([...users].reverse()),
  };
}

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

function attachmentsOf(message: Message | undefined): Conversation['attachments'] {
  if (message?.role !== 'user' || typeof message.content === 'string') return [];
  return message.content.flatMap((part): Conversation['attachments'] => {
    switch (part.type) {
      case 'text':
        return [];
      case 'image_url':
        return [{ kind: 'image', detail: /^data:([^;,]+)/.exec(part.image_url.url)?.[1] ?? part.image_url.url }];
      case 'input_audio':
        return [{ kind: 'audio', detail: part.input_audio.format }];
      case 'file':
        return [{ kind: 'file', detail: part.file.filename ?? part.file.file_id ?? '' }];
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
