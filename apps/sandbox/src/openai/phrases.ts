import type { Language } from './conversation';
import { clip } from './knowledge';

interface Phrases {
  /** How every answer begins, so that nobody takes it for a real model's. */
  mark: string;
  greeting: string;
  asked: (question: string) => string;
  knowledge: string;
  noKnowledge: string;
  earlier: (text: string) => string;
  recall: string;
  nothingEarlier: string;
  name: (name: string) => string;
  list: (topic: string) => string;
  item: (index: number, word: string) => string;
  code: (language: string) => string;
  codeEnd: string;
  attachment: Record<'image' | 'audio' | 'file' | 'text', (detail: string) => string>;
  toolResult: (name: string) => string;
  long: {
    title: (topic: string) => string;
    sections: string[];
    sentences: ((topic: string, index: number) => string)[];
    table: [string, string, string];
    rows: [string, string][];
  };
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

export const PHRASES: Record<Language, Phrases> = {
  en: {
    mark: '*Sandbox model* —',
    greeting:
      'hello! I am a pretend model. I repeat what you write, quote the knowledge I am given, and can show a list, some code or a long text.',
    asked: (question) => `you wrote: “${question}”.`,
    knowledge: 'The knowledge I was given says:',
    noKnowledge: 'None of the knowledge I was given speaks of it, and I do not invent answers.',
    earlier: (text) => `Earlier you wrote: “${text}”.`,
    recall: 'here is what you wrote earlier:',
    nothingEarlier: 'this is your first message here, there is nothing to remember yet.',
    name: (name) => `Your name is ${name}, as you told me.`,
    list: (topic) => `a list about “${topic}”:`,
    item: (index, word) => `Point ${index}: something about **${word}**`,
    code: (language) => `here is a small program in ${language}:`,
    codeEnd: 'It counts how often each word occurs.',
    attachment: {
      image: (detail) => `I see a picture: ${detail}.`,
      audio: (detail) => `You sent a recording (${detail}), which I cannot hear.`,
      file: (detail) => `You sent a file (${detail}), which I cannot read.`,
      text: (detail) => `I read a document that begins with “${clip(oneLine(detail), 80)}”.`,
    },
    toolResult: (name) => `the tool \`${name}\` answered:`,
    long: {
      title: (topic) => `a long text about “${topic}”.`,
      sections: ['Where it begins', 'What belongs to it', 'How it compares', 'How it is done', 'What follows from it'],
      sentences: [
        (_topic, index) => `This is paragraph ${index} of a text that is long because a long one was asked for.`,
        (topic) => `Its subject is “${topic}”, and a pretend model knows no more of it than that.`,
        () => 'It has **bold** words, *slanted* ones and `code`, so that whatever shows it has something to show.',
        () => 'Where a channel limits the length of a message, a text like this has to be cut at a fitting place.',
        () => 'A good place is the end of a paragraph; the middle of a word or of a code block is a bad one.',
        () => 'Whoever reads along sees it grow, since it arrives one piece after another.',
      ],
      table: ['Part', 'Meaning', 'Number'],
      rows: [
        ['heading', 'what comes next'],
        ['paragraph', 'one thought'],
        ['list', 'several things of one kind'],
        ['code', 'kept exactly as it is'],
      ],
    },
  },
  ru: {
    mark: '*Модель-песочница* —',
    greeting:
      'здравствуйте! Я ненастоящая модель: повторяю написанное, цитирую данные мне знания, могу показать список, код или длинный текст.',
    asked: (question) => `вы написали: «${question}».`,
    knowledge: 'В данных мне знаниях сказано:',
    noKnowledge: 'В данных мне знаниях об этом ничего нет, а выдумывать ответы я не стану.',
    earlier: (text) => `Раньше вы писали: «${text}».`,
    recall: 'вот что вы писали раньше:',
    nothingEarlier: 'это ваше первое сообщение здесь, вспоминать пока нечего.',
    name: (name) => `Вас зовут ${name}, вы сами сказали.`,
    list: (topic) => `список на тему «${topic}»:`,
    item: (index, word) => `Пункт ${index}: кое-что о слове **${word}**`,
    code: (language) => `вот небольшая программа на языке ${language}:`,
    codeEnd: 'Она считает, сколько раз встречается каждое слово.',
    attachment: {
      image: (detail) => `Я вижу картинку: ${detail}.`,
      audio: (detail) => `Вы прислали запись (${detail}), но слышать я не умею.`,
      file: (detail) => `Вы прислали файл (${detail}), но читать его я не умею.`,
      text: (detail) => `Я читаю документ, который начинается так: «${clip(oneLine(detail), 80)}».`,
    },
    toolResult: (name) => `инструмент \`${name}\` ответил:`,
    long: {
      title: (topic) => `длинный текст на тему «${topic}».`,
      sections: [
        'С чего всё начинается',
        'Что сюда относится',
        'С чем это сравнить',
        'Как это делается',
        'Что из этого следует',
      ],
      sentences: [
        (_topic, index) => `Это абзац ${index} текста, который длинен потому, что попросили длинный.`,
        (topic) => `Его предмет — «${topic}», и больше этого ненастоящая модель о нём не знает.`,
        () => 'Здесь есть **жирные** слова, *наклонные* и `код`, чтобы было что показать тому, кто его показывает.',
        () => 'Там, где длина сообщения ограничена, такой текст приходится разрезать в подходящем месте.',
        () => 'Хорошее место — конец абзаца, плохое — середина слова или блока кода.',
        () => 'Кто читает сразу, видит, как он растёт: он приходит кусок за куском.',
      ],
      table: ['Часть', 'Смысл', 'Номер'],
      rows: [
        ['заголовок', 'о чём пойдёт речь'],
        ['абзац', 'одна мысль'],
        ['список', 'несколько вещей одного рода'],
        ['код', 'остаётся точно таким, как есть'],
      ],
    },
  },
};

/** Characters when the request names no number: more than one Telegram message (4096) can hold. */
const USUAL_LENGTH = 5000;
const LONGEST = 40_000;

/** A Markdown text with headings, paragraphs, a list, a table and code, at least as long as was asked for. */
export function longAnswer(topic: string, request: string, language: Language): string {
  const { sections, sentences, table, rows } = PHRASES[language].long;
  const wanted = wantedLength(request);
  const special = [
    undefined,
    rows.map(([part, meaning], index) => `${index + 1}. **${part}**: ${meaning}`).join('\n'),
    [
      `| ${table.join(' | ')} |`,
      '|---|---|---|',
      ...rows.map(([part, meaning], index) => `| ${part} | ${meaning} | ${index + 1} |`),
    ].join('\n'),
    codeSample(request).block,
    rows.map(([part, meaning]) => `- *${part}*: ${meaning}`).join('\n'),
  ];

  const parts: string[] = [];
  let length = 0;
  const add = (part: string) => {
    parts.push(part);
    length += part.length + 2;
  };
  for (let section = 0; length < wanted || section < sections.length; section += 1) {
    add(`## ${section + 1}. ${sections[section % sections.length]}`);
    for (let paragraph = 0; paragraph < 2; paragraph += 1) {
      const index = section * 2 + paragraph;
      add(sentences.map((_, turn) => sentences[(index + turn) % sentences.length]!(topic, index + 1)).join(' '));
    }
    const extra = special[section % special.length];
    if (extra) add(extra);
  }
  return parts.join('\n\n');
}

/** "10000 characters", "3 000 знаков" → that many. */
function wantedLength(request: string): number {
  const digits = /(\d[\d  ]{2,})\s*(?:char|symbol|символ|знак)/i.exec(request)?.[1];
  return digits ? Math.min(Number(digits.replace(/\D/g, '')), LONGEST) : USUAL_LENGTH;
}

/** The same small program in several languages: each runs as it stands. */
const SAMPLES = {
  typescript: `export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\\p{L}+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}`,
  python: `import re
from collections import Counter


def count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\\w+", text.lower()))`,
  sql: `SELECT word, count(*) AS times
FROM regexp_split_to_table(lower('one two two'), '\\W+') AS word
WHERE word <> ''
GROUP BY word
ORDER BY times DESC;`,
  bash: `tr -cs '[:alpha:]' '\\n' < "$1" | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -rn`,
};

const NAMED: [RegExp, keyof typeof SAMPLES][] = [
  [/python|питон|пайтон/i, 'python'],
  [/\bsql\b|запрос.*баз|postgres/i, 'sql'],
  [/bash|shell|шелл|баш/i, 'bash'],
];

/** In the language the request names; TypeScript when it names none we have. */
export function codeSample(request: string): { language: string; block: string } {
  const language = NAMED.find(([name]) => name.test(request))?.[1] ?? 'typescript';
  return { language, block: `\`\`\`${language}\n${SAMPLES[language]}\n\`\`\`` };
}
