import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const workspace = join(__dirname, '../..');

const ours = globSync('apps/*/src/*.app.ts', { cwd: workspace }).map((file) => basename(file, '.app.ts'));

/** Not part of the sources, or as big as all of them. */
const LEFT_OUT = new Set(['node_modules', '.git', '.nx', '.switchboard', 'artifacts']);

/** So long on a machine that others use as well; alone less than one. */
const MINUTES = 5 * 60_000;
const TYPES = ['--parser-options', 'project:tsconfig.written.json'];

/** A copy of the workspace with its build, which shares the installed packages but has links of its own to our own. */
function copyWorkspace(): string {
  const copy = mkdtempSync(join(tmpdir(), 'generators-'));
  const filter = (path: string) => !LEFT_OUT.has(basename(path));
  cpSync(workspace, copy, { recursive: true, preserveTimestamps: true, filter });
  const [from, to] = [join(workspace, 'node_modules'), join(copy, 'node_modules')];
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (entry === '@switchboard')
      cpSync(join(from, entry), join(to, entry), { recursive: true, verbatimSymlinks: true });
    else if (entry === '.package-lock.json') cpSync(join(from, entry), join(to, entry));
    else symlinkSync(join(from, entry), join(to, entry), 'junction');
  }
  return copy;
}

describe('what the generators write', () => {
  let copy: string;

  /** Runs a program of the installed packages in the copy; answers what it printed, or throws with it. */
  const run = (program: string, ...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const file = program === 'node' ? [] : [join(copy, 'node_modules', program)];
      const env = { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0' };
      execFile(
        process.execPath,
        [...file, ...args],
        { cwd: copy, env, timeout: MINUTES, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (error) reject(new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`));
          else resolve(stdout);
        },
      );
    });

  const verb = (name: string, ...args: string[]) => {
    const call = `process.exitCode = await (await import('./tools/verbs/${name}.mts')).main(process.argv.slice(1))`;
    return run('node', '--input-type=module', '--eval', call, ...args);
  };

  const read = (path: string) => readFileSync(join(copy, path), 'utf8');

  let written: string[];
  let sources: string[];
  let tested: { numPassedTests: number; numTotalTests: number };
  let checked: Record<string, string>;

  /** What a program printed, or why it failed. */
  const said = (running: Promise<string>) => running.catch((error: Error) => error.message);

  const jest = async (...patterns: string[]) =>
    JSON.parse(await run('jest/bin/jest.js', '--json', ...patterns)) as typeof tested;

  beforeAll(async () => {
    copy = copyWorkspace();
    const lines = [
      await verb('new-service', 'loyalty-club'),
      await verb('new-event', 'loyalty-club', 'gift-card', 'spent'),
      await verb('new-feature', 'loyalty-club', 'gift-entries', '--event'),
      await verb('new-feature', 'loyalty-club', 'gift-shops', '--event', '--not-personal'),
      await verb('migration', 'bot-adapter', 'do-nothing'),
    ];
    for (const service of ours) lines.push(await verb('new-feature', service, `stars-of-${service}`));
    written = lines.flatMap((text) => [...text.matchAll(/^Written: (.+)$/gm)].map(([, path]) => path!));
    // The words of the console belong to a project of their own: their format is looked at, and their types by its build.
    const isSource = (path: string) => path.endsWith('.ts') && !path.startsWith('apps/console/');
    sources = [...new Set(written.filter(isSource))];
    const config = { extends: './tsconfig.specs.json', include: [...sources, 'apps/*/src/**/*.d.ts'] };
    writeFileSync(join(copy, 'tsconfig.written.json'), JSON.stringify(config));
    // The specs read the sources, so they need not wait for the build as all the rest must.
    const build = run('typescript/bin/tsc', '-b', 'apps/all-in-one');
    const checks = build.then(async () => ({
      // The rules that need types load these files only: the rest is linted by `npm run check`.
      lint: await said(run('eslint/bin/eslint.js', '--max-warnings=0', ...TYPES, ...sources)),
      format: await said(run('prettier/bin/prettier.cjs', '--check', '--ignore-unknown', ...written)),
      types: await said(run('typescript/bin/tsc', '-p', 'tsconfig.written.json')),
    }));
    [tested, checked] = await Promise.all([
      jest('apps/loyalty-club', 'stars-of-', 'apps/.*/test/layers.spec.ts'),
      checks,
    ]);
  }, MINUTES);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('passes its own specs, on a real Postgres, in a new service and in each of ours', () => {
    // Of the new service: that it starts, data map, layers, unknown words, two features. Of each of ours: its feature and layers.
    expect(tested.numTotalTests).toBeGreaterThanOrEqual(4 + 7 + 5 + 7 * ours.length);
    expect(tested.numPassedTests).toBe(tested.numTotalTests);
  });

  it('has the right types, specs too, and is linted and formatted as the rest', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(checked).toEqual({ types: '', lint: '', format: expect.stringContaining('All matched files use Prettier') });
  });

  it(
    'appears in the documents, and everything that is held against them agrees',
    async () => {
      const call = `import { documents } from './tools/docs/documents.mts'; console.log(JSON.stringify(await documents()))`;
      const documents = JSON.parse(await run('node', '--input-type=module', '--eval', call)) as Record<
        string,
        string
      >[];
      for (const { path, text } of documents) {
        mkdirSync(dirname(join(copy, path!)), { recursive: true });
        writeFileSync(join(copy, path!), text!);
      }
      const paths = documents.map(({ path }) => path);
      expect(paths).toContain('libs/contracts/snapshots/loyalty-club.gift-card.spent.v1.json');
      expect(paths).toContain('docs/openapi/loyalty-club.json');
      expect(read('docs/events.md')).toMatch(
        /`loyalty-club.gift-entry.open-requested.v1` \| nobody \| loyalty-club.gift-entries \|/,
      );
      // Nobody hears it, and it has to be said that nobody shall.
      const rules = 'deploy/prometheus/backbone.rules.yml';
      const excused = read(rules).replace('type!~"', 'type!~"loyalty-club.gift-card.spent.v1|');
      writeFileSync(join(copy, rules), excused);
      const held = await jest(
        'tools/env-example.spec.ts',
        'tools/alert-rules.spec.ts',
        'libs/contracts/src/.*.spec.ts',
      );
      expect(held.numPassedTests).toBe(held.numTotalTests);
    },
    MINUTES,
  );

  it('is installed on a fresh clone as our other services are', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, unknown> };
    const renamed = (path: string) =>
      JSON.parse(JSON.stringify(packages[path]).replaceAll('chat-ai', 'loyalty-club')) as unknown;
    expect(packages['apps/loyalty-club']).toEqual(renamed('apps/chat-ai'));
    expect(packages['node_modules/@switchboard/loyalty-club']).toEqual(renamed('node_modules/@switchboard/chat-ai'));
    const paths = Object.keys(packages);
    expect(paths).toEqual([...paths].sort((a, b) => a.localeCompare(b, 'en')));
  });

  it('does not overwrite what is there', async () => {
    const before = read('libs/contracts/src/index.ts');
    await expect(verb('new-service', 'loyalty-club')).rejects.toThrow('There is an apps/loyalty-club already.');
    await expect(verb('new-event', 'loyalty-club', 'gift-card', 'spent')).rejects.toThrow(
      'have a GiftCardSpent already',
    );
    const api = read('libs/contracts/src/loyalty-club.api.ts');
    await expect(verb('new-feature', 'loyalty-club', 'gift-entries')).rejects.toThrow(
      'The contracts have a ListGiftEntries already.',
    );
    await expect(verb('new-event', 'loyalty-club', 'person', 'erased')).rejects.toThrow(
      'have a LoyaltyClubPersonErased already',
    );
    expect(read('libs/contracts/src/loyalty-club.api.ts')).toBe(api);
    expect(read('libs/contracts/src/index.ts')).toBe(before);
  });

  it.each([
    ['new-service', ['Loyalty_Club'], 'is in kebab-case'],
    ['new-feature', ['nowhere', 'gifts'], 'There is no apps/nowhere'],
    ['new-event', ['nowhere', 'gift', 'given'], 'There is no apps/nowhere'],
    ['new-event', ['loyalty-club', 'gift'], 'The past verb of the event'],
  ])('%s %j is refused', async (name, args, sentence) => {
    await expect(verb(name, ...args)).rejects.toThrow(sentence);
  });
});
