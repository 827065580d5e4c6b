import type { Locale } from '@switchboard/contracts';

export interface Chunk {
  /** Outermost first, joined by ` › `; for a question of an FAQ, the question. */
  readonly heading: string;
  readonly text: string;
}

/** A document as its reader found it: headings and what stands below each. */
export interface Sections {
  readonly title: string | undefined;
  readonly sections: readonly Chunk[];
}

export interface SplitDocument {
  readonly title: string;
  readonly locale: Locale;
  readonly chunks: readonly Chunk[];
}

/** About 300 tokens: one thought, small enough that several fit into a context. */
const CHUNK_CHARACTERS = 1200;

const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const QUESTION = /^(?:Q|В|Вопрос|Question)\s*:\s*(.+)$/i;
const ANSWER = /^(?:A|О|Ответ|Answer)\s*:\s*(.*)$/i;

/** Reads Markdown, plain text, or questions and answers marked `Q:`/`A:`, into pieces that stand on their own. */
export const splitDocument = (source: string, content: string): SplitDocument =>
  splitSections(source, sectionsOf(content.replaceAll('\r\n', '\n')));

/** Cuts sections that are too long for one piece. */
export function splitSections(source: string, { title, sections }: Sections): SplitDocument {
  return {
    title: title ?? source.replace(/(\.(en|ru))?\.\w+$/, '').replaceAll(/[-_]+/g, ' '),
    locale: localeOf(source, sections.map(({ text }) => text).join('\n')),
    chunks: sections.flatMap(({ heading, text }) => partsOf(text).map((part) => ({ heading, text: part }))),
  };
}

function sectionsOf(content: string): Sections {
  let title: string | undefined;
  const path: string[] = [];
  const list: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }];
  let isCode = false;
  for (const line of content.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    const heading = isCode ? null : HEADING.exec(line);
    const question = isCode ? null : QUESTION.exec(line);
    const [, marks, words] = heading ?? [];
    if (marks === '#' && title === undefined) title = words;
    else if (marks) {
      // The first level is the title, so that the second one is the first of the path.
      path.splice(Math.max(0, marks.length - 2), path.length, words!);
      list.push({ heading: path.filter(Boolean).join(' › '), lines: [] });
    } else if (question) list.push({ heading: [...path.filter(Boolean), question[1]!].join(' › '), lines: [] });
    else list.at(-1)!.lines.push(isCode ? line : line.replace(ANSWER, '$1'));
  }
  return {
    title,
    sections: list.map(({ heading, lines }) => ({ heading, text: lines.join('\n').trim() })).filter(({ text }) => text),
  };
}

/** Cut between paragraphs where that is possible, else at the length itself. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (const paragraph of text
    .split(/\n{2,}/)
    .flatMap((long) => long.match(/[\s\S]{1,1200}(?=\s|$)|\S{1,1200}/g) ?? [])) {
    const last = parts.at(-1);
    if (last !== undefined && last.length + paragraph.length < CHUNK_CHARACTERS)
      parts[parts.length - 1] = `${last}\n\n${paragraph.trim()}`;
    else parts.push(paragraph.trim());
  }
  return parts;
}

/** Told by the name, `delivery.ru.md`, else by the letters. */
function localeOf(source: string, content: string): Locale {
  const named = /\.(en|ru)\.\w+$/.exec(source)?.[1];
  if (named === 'en' || named === 'ru') return named;
  const count = (script: RegExp) => content.match(script)?.length ?? 0;
  return count(/\p{Script=Cyrillic}/gu) > count(/\p{Script=Latin}/gu) ? 'ru' : 'en';
}
