import { importsOf, layerProblems } from '@switchboard/testing';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(__dirname, '..', 'src');

/** From the bottom to the top. */
const LAYERS = [
  'texts',
  'rich-text',
  'bots',
  'channels',
  'media',
  'contacts',
  'channel-payments',
  'deliveries',
  'notices',
  'speech',
  'previews',
  'dialogs',
  'inbound',
  'broadcasts',
  'products',
  'retention',
  'erasure',
];

const SHOP_LAYERS = ['texts', 'pages', 'notices', 'membership', 'support', 'shop-pages'];

describe('the layers of bot-adapter', () => {
  it('import only what stands below them', () => {
    expect(layerProblems(sources, LAYERS)).toEqual([]);
  });

  it('import only what stands below them in the shop as well', () => {
    expect(layerProblems(join(sources, 'products', 'vpn-shop'), SHOP_LAYERS)).toEqual([]);
  });

  it('know Telegram in its own folder only', () => {
    const known = importsOf(sources).filter(({ from, to }) => /\/telegram\//.test(to) && !/\/telegram\//.test(from));
    expect(known).toEqual([]);
    // Comments may say where a limit comes from; code may not.
    const named = globSync('*/**/*.ts', { cwd: sources })
      .filter((file) => !file.endsWith('.spec.ts') && !file.startsWith('channels/telegram/'))
      .filter((file) =>
        /['"`][^'"`\n]*telegram[^'"`\n]*['"`]/i.test(
          readFileSync(join(sources, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
        ),
      );
    expect(named).toEqual([]);
  });
});
