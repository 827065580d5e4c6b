import { importsOf, layerProblems } from '@switchboard/testing';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(__dirname, '..', 'src');

/** From the bottom to the top. */
const LAYERS = [
  'texts',
  'rich-text',
  'bots',
  'channels',
  'connections',
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

  const kinds = readdirSync(join(sources, 'channels'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  it('are asked of every channel', () => expect(kinds).toContain('telegram'));

  it.each(kinds)('know %s in its own folder only', (kind) => {
    const folder = `/${kind}/`;
    const known = importsOf(sources).filter(({ from, to }) => to.includes(folder) && !from.includes(folder));
    expect(known).toEqual([]);
    // Comments may say where a limit comes from; code may not.
    const name = new RegExp(`['"\`][^'"\`\\n]*\\b${kind}\\b[^'"\`\\n]*['"\`]`, 'i');
    const named = globSync('*/**/*.ts', { cwd: sources })
      .filter((file) => !file.endsWith('.spec.ts') && !file.startsWith(`channels/${kind}/`))
      .filter((file) => name.test(readFileSync(join(sources, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
    expect(named).toEqual([]);
  });
});
