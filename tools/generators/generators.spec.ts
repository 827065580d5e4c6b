import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const workspace = join(__dirname, '../..');

/** Not part of the sources, or as big as all of them. */
const LEFT_OUT = new Set(['node_modules', '.git', '.nx', '.switchboard', 'artifacts']);

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
      execFile(process.execPath, [...file, ...args], { cwd: copy, env, timeout: 120_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`));
        else resolve(stdout);
      });
    });

  const verb = (name: string, ...args: string[]) => {
    const call = `process.exitCode = await (await import('./tools/verbs/${name}.mts')).main(process.argv.slice(1))`;
    return run('node', '--input-type=module', '--eval', call, ...args);
  };

  const read = (path: string) => readFileSync(join(copy, path), 'utf8');

  let written: string[];
  let sources: string[];
  let tested: { numPassedTests: number; numTotalTests: number };

  beforeAll(async () => {
    copy = copyWorkspace();
    const said = [
      await verb('new-service', 'loyalty-club'),
      await verb('new-event', 'loyalty-club', 'gift-card', 'spent'),
      await verb('new-feature', 'loyalty-club', 'gift-entries'),
      await verb('new-feature', 'bot-adapter', 'gold-stars'),
      await verb('new-feature', 'chat-ai', 'silver-stars'),
      await verb('new-feature', 'tts-worker', 'bronze-stars'),
    ];
    written = said.flatMap((lines) => [...lines.matchAll(/^Written: (.+)$/gm)].map(([, path]) => path!));
    sources = written.filter((path) => path.endsWith('.ts'));
    const config = { extends: './tsconfig.specs.json', include: [...sources, 'apps/*/src/**/*.d.ts'] };
    writeFileSync(join(copy, 'tsconfig.written.json'), JSON.stringify(config));
    // The specs read the sources, so they need not wait for the build as all the rest must.
    const build = run('typescript/bin/tsc', '-b', 'apps/all-in-one').catch((error: unknown) => error);
    const specs = ['apps/loyalty-club', 'gold-stars', 'silver-stars', 'bronze-stars', 'test/layers.spec.ts'];
    tested = JSON.parse(await run('jest/bin/jest.js', '--json', ...specs)) as typeof tested;
    const failure = await build;
    if (failure instanceof Error) throw failure;
  }, 180_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('passes its own specs, on a real Postgres, in a new service and in each of ours', () => {
    expect(tested).toMatchObject({ numPassedTests: 15, numTotalTests: 15 });
  });

  it('has the right types, specs too', async () => {
    await run('typescript/bin/tsc', '-p', 'tsconfig.written.json');
  }, 60_000);

  it('is linted and formatted as the rest', async () => {
    expect(sources.length).toBeGreaterThan(10);
    // The rules that need types load these files only: the rest is linted by `npm run check`.
    const types = ['--parser-options', 'project:tsconfig.written.json'];
    await run('eslint/bin/eslint.js', '--max-warnings=0', ...types, ...sources);
    await run('prettier/bin/prettier.cjs', '--check', ...written);
  }, 60_000);

  it('appears in the documents', async () => {
    const call = `import { documents } from './tools/docs/documents.mts'; console.log(JSON.stringify(await documents()))`;
    const documents = JSON.parse(await run('node', '--input-type=module', '--eval', call)) as Record<string, string>[];
    expect(documents.map(({ path }) => path)).toContain(
      'libs/contracts/snapshots/loyalty-club.gift-card.spent.v1.json',
    );
    expect(documents.map(({ path }) => path)).toContain('docs/openapi/loyalty-club.json');
    const table = documents.find(({ path }) => path === 'docs/events.md')!['text'];
    expect(table).toMatch(/`loyalty-club.gift-entry.open-requested.v1` \| nobody \| loyalty-club.gift-entries \|/);
  }, 60_000);

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
    await expect(verb('new-feature', 'loyalty-club', 'gift-entries')).rejects.toThrow('is there already.');
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
