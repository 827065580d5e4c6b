import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../local/workspace.mts';

export interface Exchange {
  readonly question: string;
  readonly answer: string;
  /** What has to be known for this answer: one of the words of each. */
  readonly facts: readonly (readonly string[])[];
}

export interface Talk {
  readonly name: string;
  readonly language: 'ru' | 'en';
  readonly exchanges: readonly Exchange[];
}

export const talksFolder = join(root, 'tools/bench/assistant/talks');

/** `# name`, then lines of the person (`U`), of the assistant (`A`), and of what the next question cannot be answered without (`?`). */
export const talks = (): Talk[] => (['ru', 'en'] as const).flatMap(talksIn);

function talksIn(language: 'ru' | 'en'): Talk[] {
  const text = readFileSync(join(talksFolder, `${language}.txt`), 'utf8');
  return text
    .split(/^# /m)
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const [name, ...lines] = block.trim().split('\n');
      const exchanges: Exchange[] = [];
      let facts: string[][] = [];
      let question: string | undefined;
      for (const line of lines.filter((one) => one.trim() !== '')) {
        const said = line.slice(2).trim();
        if (line.startsWith('? ')) facts = said.split(' & ').map((fact) => fact.split('|').map((word) => word.trim()));
        else if (line.startsWith('U ')) question = said;
        else if (line.startsWith('A ') && question !== undefined) {
          exchanges.push({ question, answer: said, facts });
          [facts, question] = [[], undefined];
        } else throw new Error(`In the talk ${name}: ${line}`);
      }
      return { name: name!.trim(), language, exchanges };
    });
}

/** A word stands by itself, so that `L` is not found in `Lesnaya`; one that ends in a letter may go on: `чёрн` in `чёрная`. */
export function knows(text: string, fact: readonly string[]): boolean {
  const plain = text.replaceAll('ё', 'е').replaceAll('Ё', 'Е');
  return fact.some((word) => {
    const one = word.replaceAll('ё', 'е').replaceAll('Ё', 'Е');
    const escaped = one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const end = one.length <= 2 || /\d$/.test(one) ? String.raw`(?![\p{L}\d])` : '';
    return new RegExp(String.raw`(?<![\p{L}\d])${escaped}${end}`, 'iu').test(plain);
  });
}
