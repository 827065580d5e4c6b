import type { Conversation } from './conversation';
import { clip, passageAbout, stems } from './knowledge';
import { codeSample, longAnswer, PHRASES } from './phrases';

/** JavaScript's \b knows no Cyrillic letters. */
const asks = (pattern: string) => new RegExp(`(?<!\\p{L})(?:${pattern})`, 'iu');

const LONG = asks(
  '(?<!how )long|detailed|in detail|essay|длинн|подробн|разв[её]рнут|эссе|\\d[\\d ]{2,}\\s*(?:char|symbol|символ|знак)',
);
const CODE = asks(
  '(?:write|show|give|make|example|sample|напиши|покажи|дай|сделай|пример|приведи).*?(?<!promo |промо)(?:code|function|script|snippet|sql|python|код|функци|скрипт|программ|питон)',
);
const LIST = asks(
  'list|\\d+ (?:ideas|tips|ways|steps|reasons|things)|список|перечисли|\\d+ (?:иде|совет|способ|шаг|причин|вещ)',
);
const RECALL = asks(
  'did i (?:say|write|ask|tell)|my name\\?|is my name|remember|what i (?:said|wrote)|помнишь|меня зовут\\?|как меня зовут|что я (?:писал|говорил|спрашивал|сказал|спросил)',
);
const OPEN_NOW = asks(
  '(?:open|closed)(?!\\p{L})[^.?!]*(?<!\\p{L})(?:now|at the moment)|are you (?:still )?(?:open|closed)[?! ]*$|' +
    '(?:сейчас|уже|ещё|еще)[^.?!]*(?:открыт|закрыт|работает)|(?:открыт|закрыт|работает)[^.?!]*(?:сейчас|уже|ещё|еще)',
);
const GREETING = asks('hi|hello|hey|good (?:morning|day|evening)|привет|здравствуй|добр(?:ый|ое|ой)|/start');
const NAMED = /(?:[Mm]y name is|[Cc]all me|[Мм]еня зовут)\s+(\p{Lu}\p{L}+)/u;

/**
 * A Markdown answer, the same for the same conversation: it begins with the mark of the sandbox, is in the person's
 * language, quotes the knowledge it was given and what was said before, and has the form that was asked for.
 */
export function compose(conversation: Conversation): string {
  const { question, earlier, attachments, toolResults, language } = conversation;
  const phrases = PHRASES[language];
  if (toolResults.length > 0) {
    const results = toolResults.flatMap(({ name, content }) => [phrases.toolResult(name), quote(readable(content))]);
    const known = passageAbout(question, conversation.knowledge);
    return `${phrases.mark} ${[...results, ...(known ? [phrases.knowledge, quote(known)] : [])].join('\n\n')}`;
  }
  const seen = attachments.map(({ kind, detail }) => phrases.attachment[kind](detail));
  const isNow = OPEN_NOW.test(question) ? conversation.openNow : undefined;
  const passage = isNow ?? passageAbout(question, conversation.knowledge);
  const knowledge = passage ? [phrases.knowledge, quote(passage)] : [];
  return `${phrases.mark} ${[...formOf(conversation, knowledge), ...seen, ...memory(question, earlier, language)].join('\n\n')}`;
}

function formOf({ question, earlier, language, attachments }: Conversation, knowledge: string[]): string[] {
  const phrases = PHRASES[language];
  if (question === '' && attachments.length > 0) return [];
  const topic = clip(question.replace(/\s+/g, ' ').trim(), 120);
  if (LONG.test(question)) return [phrases.long.title(topic), ...knowledge, longAnswer(topic, question, language)];
  if (CODE.test(question)) {
    const { language: name, block } = codeSample(question);
    return [phrases.code(name), block, phrases.codeEnd, ...knowledge];
  }
  if (LIST.test(question)) return [phrases.list(topic), listAbout(question, language), ...knowledge];
  if (RECALL.test(question)) return recall(question, earlier, language);
  if (knowledge.length > 0) return [phrases.asked(topic), ...knowledge];
  if (GREETING.test(question) && question.length < 40) return [phrases.greeting];
  // With a file the answer is about that.
  return [phrases.asked(topic), ...(attachments.length > 0 ? [] : [phrases.noKnowledge])];
}

function listAbout(question: string, language: Conversation['language']): string {
  const length = Math.min(Number(/\d+/.exec(question)?.[0] ?? 5), 50);
  const words = question.match(/\p{L}+/gu)?.filter((word) => stems(word).length > 0) ?? [];
  return Array.from({ length }, (_, index) => {
    const word = words[index % words.length] ?? '…';
    return `${index + 1}. ${PHRASES[language].item(index + 1, word)}`;
  }).join('\n');
}

function recall(question: string, earlier: string[], language: Conversation['language']): string[] {
  const phrases = PHRASES[language];
  if (earlier.length === 0) return [phrases.nothingEarlier];
  const name = earlier.map((text) => NAMED.exec(text)?.[1]).findLast((found) => found !== undefined);
  const lines = earlier.slice(-5).map((text) => `- ${clip(text.replace(/\s+/g, ' '), 200)}`);
  return [phrases.recall, lines.join('\n'), ...(name && /name|зовут/i.test(question) ? [phrases.name(name)] : [])];
}

function memory(question: string, earlier: string[], language: Conversation['language']): string[] {
  const last = earlier.at(-1);
  if (last === undefined || RECALL.test(question)) return [];
  return [PHRASES[language].earlier(clip(last.replace(/\s+/g, ' '), 120))];
}

const RESULT = /^\s*<tool-result>\n?([\s\S]*?)\n?<\/tool-result>\s*$/;

/** The JSON of a result as a list, its tags left out; what is no JSON as it is. */
function readable(content: string): string {
  const text = RESULT.exec(content)?.[1] ?? content;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? linesOf(value).join('\n') : text;
  } catch {
    return text;
  }
}

function linesOf(value: unknown, indent = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}- ${String(value)}`];
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const label = Array.isArray(value) ? '' : `${name}: `;
    if (typeof part !== 'object' || part === null) return [`${indent}- ${label}${String(part)}`];
    return [`${indent}- ${label || `${Number(name) + 1}.`}`.trimEnd(), ...linesOf(part, `${indent}  `)];
  });
}

const quote = (text: string) => text.replace(/^/gm, '> ');
