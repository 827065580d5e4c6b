import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const sources = join(__dirname, '..', 'src');

/** From the bottom to the top. A folder imports only from those that stand before it; what must call upward is registered below. */
const FLOORS = [
  'texts',
  'rich-text',
  'bots',
  'channels',
  'media',
  'contacts',
  'deliveries',
  'speech',
  'previews',
  'dialogs',
  'inbound',
  'products',
  'retention',
  'erasure',
];

const floorOf = (file: string) => FLOORS.indexOf(file.split('/')[0]!);
const files = globSync('*/**/*.ts', { cwd: sources }).filter((file) => !file.endsWith('.spec.ts'));

const imports = files.flatMap((file) =>
  [...readFileSync(join(sources, file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) => ({
    from: file,
    to: relative(sources, join(sources, dirname(file), path!)),
  })),
);

describe('the floors of bot-adapter', () => {
  it('are all that there are', () => {
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set(FLOORS));
  });

  it('import only what stands below them', () => {
    const upward = imports.filter(({ from, to }) => to.includes('/') && floorOf(to) > floorOf(from));
    expect(upward).toEqual([]);
  });

  it('know Telegram in its own folder only', () => {
    const known = imports.filter(({ from, to }) => /\/telegram\//.test(to) && !/\/telegram\//.test(from));
    expect(known).toEqual([]);
    // Comments may say where a limit comes from; code may not.
    const named = files
      .filter((file) => !file.startsWith('channels/telegram/'))
      .filter((file) =>
        /['"`][^'"`\n]*telegram[^'"`\n]*['"`]/i.test(
          readFileSync(join(sources, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
        ),
      );
    expect(named).toEqual([]);
  });
});
