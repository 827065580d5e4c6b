import { codeSample } from './code-samples';
import type { Language } from './conversation';
import { PHRASES } from './phrases';

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
