import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { percentile } from '../local/figures.mts';
import { startPostgres } from '../local/postgres.mts';
import { until } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import { build } from '../verbs/build.mts';
import { optionsFrom, table } from './bus.report.mts';
import { basesOf, type TestBase, type TestQuestion } from './knowledge.questions.mts';

export const usage = '[--set test|development] [--passages 5000] [--misses yes]';
export const about = 'does the knowledge base find what people ask for: hits, false answers, and how fast';

const Options = z.strictObject({
  set: z.enum(['test', 'development']).default('test'),
  passages: z.coerce.number().int().min(0).max(20_000).default(5000),
  misses: z.enum(['yes', 'no']).default('no'),
});

/** Less than half of what any of the bases has, so that each is searched; a dozen passages goes to the model. */
const SEARCHED = { CHAT_AI_KNOWLEDGE_TOKENS: '600' };
const AIMS = { hit1: 0.8, hit5: 0.97, falseAnswers: 0.05, searchMs: 50 };

interface Found {
  readonly source: string;
  readonly heading: string;
}

/** The part of chat-ai's `KnowledgeService` that is measured. */
interface Knowledge {
  forModel(botId: string, question: { text: string }): Promise<{ passages: readonly Found[] }>;
  quote(botId: string, question: { text: string }): Promise<{ certainty: string; passages: Found[] }>;
}

interface RunningApp {
  readonly service: { nest: { get(type: unknown): Knowledge }; db: { query(sql: string): Promise<{ n: number }[]> } };
  stop(): Promise<void>;
}

interface Outcome {
  readonly question: TestQuestion;
  /** The first passage of the answer without a model answers the question. */
  readonly hit1: boolean;
  readonly certain: boolean;
  /** Of the answering passage among those that a model gets, from 1; undefined when it does not get it. */
  readonly rank: number | undefined;
  readonly isWhole: boolean;
}

/** `npm run bench -- knowledge`; see `usage`. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-knowledge-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    if (!process.env.TEST_DATABASE_URL) {
      const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
      stops.push(() => server.stop());
      process.env.TEST_DATABASE_URL = server.url;
    }
    const { startSandbox } = (await built('apps/sandbox/dist/src/sandbox.js')) as {
      startSandbox(options: object): Promise<{ openAiUrl: string; close(): Promise<void> }>;
    };
    const sandbox = await startSandbox({
      openAi: { pace: { firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 } },
    });
    stops.push(() => sandbox.close());
    const embeddings = {
      CHAT_AI_EMBEDDINGS_BASE_URL: sandbox.openAiUrl,
      CHAT_AI_EMBEDDINGS_API_KEY: 'sk-sandbox',
      CHAT_AI_EMBEDDINGS_MODEL: 'text-embedding-3-small',
    };
    const bases = basesOf(options.set);
    const standard = await measure(bases, folder, {});
    const searched = await measure(bases, folder, SEARCHED);
    // These vectors are made of parts of words: they show that the second way works, and nothing of its quality.
    const vectors = await measure(bases, folder, { ...embeddings, ...SEARCHED });
    const searchMs = options.passages > 0 ? await speed(options.passages, folder) : undefined;

    const modes = {
      'as it is set up': standard,
      'all searched, words': searched,
      'all searched, words and sandbox vectors': vectors,
    };
    const rows = Object.entries(modes).flatMap(([mode, outcomes]) =>
      [...bases.map(({ name }) => name), 'all'].map((name) => {
        const own = name === 'all' ? [...outcomes.values()].flat() : outcomes.get(name)!;
        return [mode, name, ...Object.values(figuresOf(own)).map(String)];
      }),
    );
    table(['mode', 'base', ...Object.keys(figuresOf([]))], rows);
    if (options.misses === 'yes') sayMisses(standard);
    const all = allOf(standard);
    const { hit1, hit5, falseAnswers } = figuresOf(all);
    const inLanguage = (language: string) => figuresOf(all.filter(({ question }) => question.language === language));
    const report = {
      hit1,
      hit5,
      falseAnswers,
      byLanguage: { ru: inLanguage('ru'), en: inLanguage('en') },
      modes: Object.fromEntries(Object.entries(modes).map(([mode, outcomes]) => [mode, figuresOf(allOf(outcomes))])),
      searchMs,
    };
    sayWhatWasMissed(report);
    console.log(JSON.stringify(report));
    return 0;
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const allOf = (outcomes: ReadonlyMap<string, readonly Outcome[]>) => [...outcomes.values()].flat();

function sayWhatWasMissed(report: {
  hit1: number;
  hit5: number;
  falseAnswers: number;
  searchMs?: { p95: number } | undefined;
}) {
  const missed = [
    report.hit1 < AIMS.hit1 && `hit1 is below its aim of ${AIMS.hit1}`,
    report.hit5 < AIMS.hit5 && `hit5 is below its aim of ${AIMS.hit5}`,
    report.falseAnswers > AIMS.falseAnswers && `falseAnswers is above its aim of ${AIMS.falseAnswers}`,
    report.searchMs &&
      report.searchMs.p95 > AIMS.searchMs &&
      `one search in twenty takes more than ${AIMS.searchMs} ms`,
  ];
  for (const sentence of missed.filter(Boolean)) console.log(`Not reached: ${sentence}.`);
}

const built = (path: string) => import(pathToFileURL(join(root, path)).href) as Promise<Record<string, unknown>>;

/** chat-ai as it is, on a fresh database, with a bot for each folder. */
async function start(folders: Readonly<Record<string, string>>, scratch: string, env: Record<string, string>) {
  const { startApp } = (await built('libs/testing/dist/src/index.js')) as {
    startApp(app: unknown, options: object): Promise<RunningApp>;
  };
  const { chatAiApp } = await built('apps/chat-ai/dist/src/chat-ai.app.js');
  const { KnowledgeService } = await built('apps/chat-ai/dist/src/knowledge/knowledge.service.js');
  const bots = mkdtempSync(join(scratch, 'bots-'));
  for (const [name, knowledge] of Object.entries(folders)) {
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `1:${name}` };
    writeFileSync(join(bots, `${name}.json`), JSON.stringify({ name, channel, assistant: { knowledge } }));
  }
  const app = await startApp(chatAiApp, { env: { BOTS_FOLDER: bots, ...env } });
  const count = async (sql: string) => (await app.service.db.query(sql))[0]!.n;
  const isLoaded = async () =>
    (await count('SELECT count(*)::int AS n FROM knowledge_bases')) === Object.keys(folders).length;
  const isEmbedded = async () =>
    !env.CHAT_AI_EMBEDDINGS_MODEL ||
    (await count(
      `SELECT count(*)::int AS n FROM knowledge_chunks c WHERE NOT EXISTS
         (SELECT FROM knowledge_vectors v WHERE v.bot_id = c.bot_id AND v.content_hash = c.content_hash)`,
    )) === 0;
  if (!(await until(async () => (await isLoaded()) && (await isEmbedded()), 300_000, 100)))
    throw new Error('The bases were not loaded.');
  return { app, knowledge: app.service.nest.get(KnowledgeService) };
}

async function measure(bases: readonly TestBase[], scratch: string, env: Record<string, string>) {
  const { app, knowledge } = await start(
    Object.fromEntries(bases.map(({ name, folder }) => [name, folder])),
    scratch,
    env,
  );
  try {
    const outcomes = new Map<string, Outcome[]>();
    for (const { name, questions } of bases) {
      const whole = await app.service.db.query(`SELECT tokens AS n FROM knowledge_bases WHERE bot_id = '${name}'`);
      const isWhole = whole[0]!.n <= Number(env.CHAT_AI_KNOWLEDGE_TOKENS ?? 6000);
      const asked: Outcome[] = [];
      for (const question of questions) {
        const answers = ({ source, heading }: Found) => question.answers.includes(`${source}#${heading}`);
        const { certainty, passages } = await knowledge.quote(name, question);
        const given = await knowledge.forModel(name, question);
        const rank = given.passages.findIndex(answers) + 1;
        const hit1 = passages[0] !== undefined && answers(passages[0]);
        asked.push({ question, hit1, certain: certainty === 'certain', rank: rank || undefined, isWhole });
      }
      outcomes.set(name, asked);
    }
    return outcomes;
  } finally {
    await app.stop();
  }
}

/**
 * - hit1: without a model, the first passage shown answers the question
 * - rank5: it is among the first five that a model gets
 * - hit5: as rank5, or the model gets the whole base
 * - given: the model gets it at all
 * - falseAnswers: of the questions without an answer, those answered as if there were one
 * - wrongCertain: of the others, those answered for certain with a passage that does not answer them
 */
function figuresOf(outcomes: readonly Outcome[]) {
  const answerable = outcomes.filter(({ question }) => question.answers.length > 0);
  const others = outcomes.filter(({ question }) => question.answers.length === 0);
  const share = (of: readonly Outcome[], is: (outcome: Outcome) => boolean) =>
    Number((of.filter(is).length / (of.length || 1)).toFixed(3));
  const inFive = ({ rank }: Outcome) => rank !== undefined && rank <= 5;
  return {
    questions: outcomes.length,
    hit1: share(answerable, ({ hit1 }) => hit1),
    rank5: share(answerable, inFive),
    hit5: share(answerable, (outcome) => inFive(outcome) || (outcome.isWhole && outcome.rank !== undefined)),
    given: share(answerable, ({ rank }) => rank !== undefined),
    falseAnswers: share(others, ({ certain }) => certain),
    wrongCertain: share(answerable, ({ certain, hit1 }) => certain && !hit1),
  };
}

function sayMisses(outcomes: ReadonlyMap<string, readonly Outcome[]>): void {
  for (const [name, asked] of outcomes) {
    for (const { question, hit1, certain, rank } of asked) {
      if (question.answers.length === 0 ? certain : !hit1)
        console.log(`${name}: ${question.text} (rank ${rank ?? '–'}${certain ? ', certain' : ''})`);
    }
  }
}

/** Milliseconds of a search in a large base of made-up words, as frequent as words are. */
async function speed(passages: number, scratch: string) {
  const folder = join(scratch, 'large');
  mkdirSync(folder);
  const random = randomFrom(1);
  const vocabulary = Array.from({ length: 10_000 }, () => madeUpWord(random));
  const word = () => vocabulary[Math.floor(vocabulary.length * random() ** 3)]!;
  const sentence = (length: number) => Array.from({ length }, word).join(' ');
  for (let file = 0, left = passages; left > 0; file += 1, left -= 100) {
    const sections = Array.from({ length: Math.min(100, left) }, () => `## ${sentence(3)}\n\n${sentence(60)}.`);
    writeFileSync(join(folder, `${file}.md`), `# ${sentence(2)}\n\n${sections.join('\n\n')}`);
  }
  const { app, knowledge } = await start({ large: folder }, scratch, {});
  try {
    const times: number[] = [];
    for (let i = 0; i < 220; i += 1) {
      const text = `подскажите, сколько стоит ${word()} ${word().slice(0, -1)} в субботу`;
      const began = performance.now();
      await knowledge.forModel('large', { text });
      // The first ones fill caches.
      if (i >= 20) times.push(performance.now() - began);
    }
    return { passages, p50: percentile(times, 0.5)!, p95: percentile(times, 0.95)! };
  } finally {
    await app.stop();
  }
}

const SYLLABLES =
  'до ста ва ре монт ко ле со цен ни гра фик ма стер ска за каз воз врат оп ла та кур сы уро пе да ли тор моз'.split(
    ' ',
  );
const madeUpWord = (random: () => number) =>
  Array.from({ length: 2 + Math.floor(random() * 3) }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join(
    '',
  );

/** The same numbers in each run. Source: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
