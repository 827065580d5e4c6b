import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../local/workspace.mts';

export interface TestQuestion {
  readonly text: string;
  /** `file#heading` of the passages that answer it; none when the base does not answer it. */
  readonly answers: readonly string[];
  readonly language: 'ru' | 'en';
}

export interface TestBase {
  readonly name: string;
  readonly folder: string;
  readonly questions: readonly TestQuestion[];
}

/** Belongs to the demo, whose files lie elsewhere. */
const DEMO = 'northwind';

/** The bases of `development`, on which everything was tuned, or of `test`. */
export function basesOf(set: 'development' | 'test'): TestBase[] {
  const folder = join(root, 'tools/bench/knowledge', set);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.questions.txt'))
    .sort()
    .map((file) => {
      const name = file.replace('.questions.txt', '');
      return {
        name,
        folder: name === DEMO ? join(root, 'deploy/demo/knowledge', name) : join(folder, name),
        questions: readFileSync(join(folder, file), 'utf8')
          .split('\n')
          .filter((line) => line.trim() !== '' && !line.startsWith('#'))
          .map(questionOf),
      };
    });
}

/** `question => passage | passage that answers as well`, or `-` for none. */
function questionOf(line: string): TestQuestion {
  const [text, expected] = line.split(' => ');
  if (!text || !expected) throw new Error(`Not a question with its answer: ${line}`);
  const answers = expected === '-' ? [] : expected.split(' | ');
  // A question in Latin letters may be Russian; the passage that answers it tells.
  const russian = /\p{Script=Cyrillic}/u.test(answers[0] ?? text) || /\.ru\./.test(answers[0] ?? '');
  return { text, answers, language: russian ? 'ru' : 'en' };
}
