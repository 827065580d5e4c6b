import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { percentile } from '../local/figures.mts';
import { startPostgres } from '../local/postgres.mts';
import { until } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import { build } from '../verbs/build.mts';
import { FREQUENT, TRAPS } from './assistant/cache.questions.mts';
import { startAnsweringModel } from './assistant/model.mts';
import { messages as scenarioMessages } from './assistant/scenarios.mts';
import { type Exchange, knows, type Talk, talks, talksFolder } from './assistant/talks.mts';
import { en } from './assistant/tone.en.mts';
import { later } from './assistant/tone.later.mts';
import { ru } from './assistant/tone.ru.mts';
import { optionsFrom, rounded, table } from './bus.report.mts';
import { basesOf } from './knowledge.questions.mts';

export const usage = '[--baseline yes] [--only tone|context|cache] [--misses yes]';
export const about =
  'how much an assistant is sent, what of it gets lost, whether its cache is right, and how it hears people';

const Options = z.strictObject({
  baseline: z.enum(['yes', 'no']).default('no'),
  only: z.enum(['all', 'tone', 'context', 'cache']).default('all'),
  misses: z.enum(['yes', 'no']).default('no'),
});

const AIMS = { savedInputTokens: 0.4, cacheRight: 0.95, cacheP99Ms: 200, toneHeldOut: 0.8 };
const SHOP = 'juniper';
const SYSTEM_PROMPT =
  'You are the assistant of Juniper, a shop for clothes and shoes. Help people to choose, answer from the knowledge base, and be brief and kind. ' +
  'Ask for what you need: height, chest, length of the foot. Never invent prices or stock. Say so when you do not know.';

interface Found {
  readonly id: string;
  readonly title: string;
  readonly heading: string;
  readonly source: string;
}
interface Context {
  readonly messages: readonly { readonly content: string }[];
  readonly passages: readonly Found[];
}
/** The parts of chat-ai that are measured, as they are built. */
interface ChatAi {
  toneOf(text: string): { tone: string; score: number };
  ScenarioClassifier: new () => { scenarioOf(text: string, score: number): string };
  contextOf(turn: object, assistant: object, facts: object): Context;
  withCondensedHistory<T extends object>(turn: T): T;
  relevantPassages(passages: readonly Found[], turn: object): readonly Found[];
  withSources(answer: string, passages: readonly Found[], locale: string): string;
}
interface RunningApp {
  readonly service: {
    nest: { get(type: unknown): unknown };
    db: { query(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]> };
  };
  readonly probe: {
    say(event: unknown): Promise<void>;
    until(type: unknown, is: (event: { data: Answered }) => boolean): Promise<{ data: Answered }>;
  };
  stop(): Promise<void>;
}
interface Answered {
  readonly answers: readonly string[];
  readonly text: string;
  readonly replyId: string;
}

/** `npm run bench -- assistant`; see `usage`. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  await build();
  const scratch = mkdtempSync(join(tmpdir(), 'switchboard-assistant-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const chatAi = await builtChatAi();
    const wants = (part: string) => options.only === 'all' || options.only === part;
    const tone = wants('tone') ? measureTone(chatAi, options.misses === 'yes') : undefined;
    if (wants('context') || wants('cache')) stops.push(await database(scratch));
    const context = wants('context') ? await measureContext(chatAi, scratch, options) : undefined;
    const cache = wants('cache') ? await measureCache(scratch, options.misses === 'yes') : undefined;
    const report = { ...context, ...cache, ...tone };
    const missed = missedAims(report, options.baseline === 'yes');
    for (const sentence of missed) console.log(`Not reached: ${sentence}.`);
    console.log(JSON.stringify({ ok: missed.length === 0, ...report }));
    return 0;
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Report = Partial<
  Awaited<ReturnType<typeof measureContext>> & Awaited<ReturnType<typeof measureCache>> & ReturnType<typeof measureTone>
>;

function missedAims(report: Report, isBaseline: boolean): string[] {
  const { savedInputTokens, factRecall, baselineRecall, cacheRight, cacheWrong, cacheP99Ms, toneHeldOut } = report;
  const missed = [
    !isBaseline &&
      savedInputTokens !== undefined &&
      savedInputTokens < AIMS.savedInputTokens &&
      `${savedInputTokens} of the input tokens are saved instead of ${AIMS.savedInputTokens}`,
    factRecall !== undefined &&
      factRecall < baselineRecall! &&
      `${factRecall} of the facts are there, ${baselineRecall} without shortening`,
    cacheRight !== undefined && cacheRight < AIMS.cacheRight && `${cacheRight} of the cached answers are right`,
    cacheWrong !== undefined && cacheWrong > 0 && `${cacheWrong} cached answers are wrong`,
    cacheP99Ms !== undefined && cacheP99Ms! > AIMS.cacheP99Ms && `a cached answer takes ${cacheP99Ms} ms`,
    toneHeldOut !== undefined &&
      toneHeldOut < AIMS.toneHeldOut &&
      `the tone agrees in ${toneHeldOut} of the held-out half`,
  ];
  return missed.filter((sentence) => sentence !== false && sentence !== undefined) as string[];
}

const built = (path: string) => import(pathToFileURL(join(root, path)).href) as Promise<Record<string, unknown>>;

async function builtChatAi(): Promise<ChatAi> {
  const files = ['labels/tone', 'labels/scenario', 'turns/turn-context', 'turns/condensed-turn', 'knowledge/citations'];
  const parts = await Promise.all(files.map((file) => built(`apps/chat-ai/dist/src/${file}.js`)));
  return Object.assign({}, ...parts) as ChatAi;
}

async function database(scratch: string): Promise<() => Promise<void>> {
  if (process.env.TEST_DATABASE_URL) return () => Promise.resolve();
  const server = await startPostgres({ dataDir: join(scratch, 'postgres'), durable: false });
  process.env.TEST_DATABASE_URL = server.url;
  return () => server.stop();
}

/** chat-ai as it is, on a fresh database, with bots that know these folders. */
async function start(scratch: string, bots: Record<string, object>, env: Record<string, string>) {
  const { startApp } = (await built('libs/testing/dist/src/index.js')) as {
    startApp(app: unknown, options: object): Promise<RunningApp>;
  };
  const { chatAiApp } = await built('apps/chat-ai/dist/src/chat-ai.app.js');
  const folder = mkdtempSync(join(scratch, 'bots-'));
  for (const [name, more] of Object.entries(bots)) {
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `1:${name}` };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ name, channel, ...more }));
  }
  const app = await startApp(chatAiApp, { env: { BOTS_FOLDER: folder, ...env } });
  const loaded = async () =>
    (await app.service.db.query('SELECT FROM knowledge_bases')).length === Object.keys(bots).length;
  if (!(await until(loaded, 300_000, 100))) throw new Error('The bases were not loaded.');
  return app;
}

/* Tone and scenarios */

function measureTone({ toneOf, ScenarioClassifier }: ChatAi, sayMisses: boolean) {
  const labelled = (set: Record<string, string>) =>
    Object.entries(set).flatMap(([label, text]) =>
      linesOf(text).map((line, i) => ({ line, label, isHeldOut: i % 2 === 1 })),
    );
  const agreement = (of: { line: string; label: string }[]) =>
    rounded(of.filter(({ line, label }) => toneOf(line).tone === label).length / of.length, 3)!;
  const all = [...labelled(ru), ...labelled(en)];
  const unfamiliar = [...labelled(later.ru), ...labelled(later.en)];
  const classifier = new ScenarioClassifier();
  const scenarios = Object.entries(scenarioMessages).flatMap(([label, text]) =>
    linesOf(text).map((line) => ({ line, label })),
  );
  const scenarioOf = (line: string) => classifier.scenarioOf(line, toneOf(line).score);
  if (sayMisses) {
    for (const { line, label, isHeldOut } of all)
      if (!isHeldOut && toneOf(line).tone !== label) console.log(`${label}, heard ${toneOf(line).tone}: ${line}`);
  }
  const rows = [
    ['ru', labelled(ru)],
    ['en', labelled(en)],
    ['both, held out', all.filter(({ isHeldOut }) => isHeldOut)],
    ['unfamiliar words', unfamiliar],
  ] as const;
  table(
    ['tone', 'messages', 'agreement'],
    rows.map(([name, of]) => [name, of.length, agreement([...of])]),
  );
  return {
    toneAgreement: agreement(all),
    toneHeldOut: agreement(all.filter(({ isHeldOut }) => isHeldOut)),
    toneUnfamiliar: agreement(unfamiliar),
    scenarioAgreement: rounded(
      scenarios.filter(({ line, label }) => scenarioOf(line) === label).length / scenarios.length,
      3,
    )!,
  };
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim());

/* Context */

interface Sums {
  tokens: number;
  facts: number;
  known: number;
  passages: number;
  given: number;
}

const nothing = (): Sums => ({ tokens: 0, facts: 0, known: 0, passages: 0, given: 0 });

async function measureContext(chatAi: ChatAi, scratch: string, options: z.output<typeof Options>) {
  const bases = [...basesOf('test'), ...basesOf('development')];
  const bots = Object.fromEntries(bases.map(({ name, folder }) => [name, { assistant: { knowledge: folder } }]));
  const shop = { assistant: { knowledge: join(talksFolder, 'shop'), systemPrompt: SYSTEM_PROMPT } };
  const app = await start(scratch, { ...bots, [SHOP]: shop }, {});
  try {
    const { KnowledgeService } = await built('apps/chat-ai/dist/src/knowledge/knowledge.service.js');
    const { AssistantsService } = await built('apps/chat-ai/dist/src/assistants/assistants.service.js');
    const knowledge = app.service.nest.get(KnowledgeService) as {
      forModel(botId: string, question: object): Promise<{ passages: readonly Found[] }>;
    };
    const assistant = (app.service.nest.get(AssistantsService) as { get(botId: string): object }).get(SHOP);
    const shortens = options.baseline === 'no';
    const sums = { before: nothing(), after: nothing() };
    const byLanguage = { ru: { before: 0, after: 0 }, en: { before: 0, after: 0 } };
    for (const talk of talks()) {
      const history: object[] = [];
      let before: string | undefined;
      for (const [i, exchange] of talk.exchanges.entries()) {
        const question = said('user', exchange.question, `${i}`);
        const turn = {
          summary: undefined,
          history: [...history],
          question: [question],
          locale: talk.language,
          inGroup: false,
        };
        const { passages } = await knowledge.forModel(SHOP, { text: exchange.question, before });
        const facts = (of: readonly Found[]) => ({
          prompt: SYSTEM_PROMPT,
          passages: of,
          now: new Date(),
          canSee: false,
          hasTools: false,
          limit: 16_000,
        });
        const whole = chatAi.contextOf(turn, assistant, facts(passages));
        const short = shortens
          ? chatAi.contextOf(
              chatAi.withCondensedHistory(turn),
              assistant,
              facts(chatAi.relevantPassages(passages, turn)),
            )
          : whole;
        byLanguage[talk.language].before += count(sums.before, whole, exchange, talk);
        byLanguage[talk.language].after += count(sums.after, short, exchange, talk, options.misses === 'yes');
        const answer = chatAi.withSources(withNumbers(exchange.answer, passages, talk), passages, talk.language);
        history.push(question, said('assistant', answer, `${i}`));
        before = exchange.question;
      }
    }
    const kept = { before: 0, after: 0, all: 0 };
    for (const { name, questions } of bases) {
      for (const question of questions.filter(({ answers }) => answers.length > 0)) {
        const { passages } = await knowledge.forModel(name, question);
        const turn = { history: [], question: [said('user', question.text, '0')] };
        const has = (of: readonly Found[]) =>
          of.some(({ source, heading }) => question.answers.includes(`${source}#${heading}`));
        kept.all += 1;
        if (has(passages)) kept.before += 1;
        if (has(shortens ? chatAi.relevantPassages(passages, turn) : passages)) kept.after += 1;
        else if (has(passages) && options.misses === 'yes')
          console.log(`${name}: the answer is left out: ${question.text}`);
      }
    }
    const saved = (before: number, after: number) => rounded(1 - after / before, 3)!;
    const recall = ({ facts, known, passages, given }: Sums) => rounded((known + given) / (facts + passages), 3)!;
    table(
      ['context', 'input tokens', 'facts', 'known', 'cited passages', 'given'],
      Object.entries(sums).map(([name, { tokens, facts, known, passages, given }]) => [
        name,
        tokens,
        facts,
        known,
        passages,
        given,
      ]),
    );
    return {
      talks: talks().length,
      savedInputTokens: saved(sums.before.tokens, sums.after.tokens),
      savedRu: saved(byLanguage.ru.before, byLanguage.ru.after),
      savedEn: saved(byLanguage.en.before, byLanguage.en.after),
      factRecall: recall(sums.after),
      baselineRecall: recall(sums.before),
      passageRecall: rounded(kept.after / kept.all, 3)!,
      baselinePassageRecall: rounded(kept.before / kept.all, 3)!,
    };
  } finally {
    await app.stop();
  }
}

/** @returns the tokens of what was sent */
function count(sums: Sums, { messages, passages }: Context, exchange: Exchange, talk: Talk, sayMisses = false): number {
  const text = messages.map(({ content }) => content).join('\n');
  const tokens = messages.reduce((sum, { content }) => sum + countTokens(content) + 4, 3);
  sums.tokens += tokens;
  for (const fact of exchange.facts) {
    sums.facts += 1;
    if (knows(text, fact)) sums.known += 1;
    else if (sayMisses) console.log(`${talk.name}: ${fact.join(' or ')} is lost before "${exchange.question}"`);
  }
  for (const heading of citedHeadings(exchange.answer, talk)) {
    sums.passages += 1;
    if (passages.some((passage) => passage.heading === heading)) sums.given += 1;
    else if (sayMisses) console.log(`${talk.name}: the passage ${heading} is not given for "${exchange.question}"`);
  }
  return tokens;
}

const headings = Object.fromEntries(
  (['ru', 'en'] as const).map((language) => [
    language,
    [...readFileSync(join(talksFolder, 'shop', `${SHOP}.${language}.md`), 'utf8').matchAll(/^## (.*)$/gm)].map(
      ([, heading]) => heading!,
    ),
  ]),
);

/** The talks were written with the numbers of the headings in the file. */
const citedHeadings = (answer: string, { language }: Talk): string[] =>
  [...answer.matchAll(/\[(\d+)\]/g)].map(([, number]) => headings[language]![Number(number) - 1]!);

const withNumbers = (answer: string, passages: readonly Found[], { language }: Talk): string =>
  answer.replaceAll(/\s?\[(\d+)\]/g, (_, number: string) => {
    const at = passages.findIndex(({ heading }) => heading === headings[language]![Number(number) - 1]);
    return at < 0 ? '' : ` [${at + 1}]`;
  });

const said = (role: 'user' | 'assistant', text: string, group: string) => ({
  ...{ id: randomUUID(), role, userId: 'somebody', text, tokens: countTokens(text), group, summarised: false },
});

/* Cache */

async function measureCache(scratch: string, sayMisses: boolean) {
  const known = new Map<string, { heading: string; answer: string; right: RegExp }>();
  for (const one of FREQUENT) for (const wording of one.wordings) known.set(wording, one);
  for (const one of TRAPS) known.set(one.text, one);
  const model = await startAnsweringModel((question) => known.get(question));
  const knowledge = join(scratch, 'shop');
  mkdirSync(knowledge);
  cpSync(join(talksFolder, 'shop'), knowledge, { recursive: true });
  const app = await start(
    scratch,
    {
      [SHOP]: {
        products: ['assistant', 'store'],
        assistant: { knowledge, systemPrompt: SYSTEM_PROMPT },
      },
    },
    { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-bench' },
  );
  const { MessageReceived, ReplyCompleted } = (await built('libs/contracts/dist/src/index.js')) as {
    MessageReceived(data: object): unknown;
    ReplyCompleted: unknown;
  };
  const { KnowledgeLoader } = await built('apps/chat-ai/dist/src/knowledge/knowledge.loader.js');
  const ask = async (text: string) => {
    const [messageId, calls, began] = [randomUUID(), model.calls(), performance.now()];
    const inChat = { chatId: randomUUID(), botId: SHOP, channel: 'telegram', userId: randomUUID() };
    await app.probe.say(
      MessageReceived({ ...inChat, messageId, locale: 'ru', kind: 'text', text, sentAt: new Date().toISOString() }),
    );
    const { data } = await app.probe.until(ReplyCompleted, (event) => event.data.answers.includes(messageId));
    return { text: data.text, ms: performance.now() - began, isCached: model.calls() === calls };
  };
  try {
    const figures = { asked: 0, cached: 0, wrong: 0, times: [] as number[] };
    const judge = (question: string, right: RegExp, { text, ms, isCached }: Awaited<ReturnType<typeof ask>>) => {
      figures.asked += 1;
      if (!isCached) return;
      figures.cached += 1;
      figures.times.push(ms);
      if (!right.test(text)) {
        figures.wrong += 1;
        console.log(`Wrong from the cache: ${question} → ${text}`);
      }
    };
    for (const { wordings } of FREQUENT) for (const _ of [1, 2]) await ask(wordings[0]!);
    for (let round = 0; round < 5; round += 1) {
      for (const { wordings, right } of FREQUENT)
        for (const wording of wordings) judge(wording, right, await ask(wording));
    }
    const repeated = { ...figures };
    if (sayMisses) {
      for (const { wordings } of FREQUENT)
        for (const wording of wordings.slice(1))
          if (!(await ask(wording)).isCached) console.log(`Not from the cache: ${wording}`);
    }
    for (let round = 0; round < 3; round += 1) for (const { text, right } of TRAPS) judge(text, right, await ask(text));
    // A price changes: from the moment the base knows it, nobody is told the former one.
    const delivery = FREQUENT[0]!;
    const file = join(knowledge, `${SHOP}.ru.md`);
    writeFileSync(file, readFileSync(file, 'utf8').replace('450 ₽', '520 ₽'));
    await (app.service.nest.get(KnowledgeLoader) as { check(): Promise<void> }).check();
    for (const wording of delivery.wordings) known.set(wording, { ...delivery, answer: 'Курьером до двери 520 ₽.' });
    for (const wording of delivery.wordings) judge(wording, /520/, await ask(wording));
    return {
      cacheAsked: repeated.asked,
      cacheHits: rounded(repeated.cached / repeated.asked, 3)!,
      cacheRight: rounded((figures.cached - figures.wrong) / (figures.cached || 1), 3)!,
      cacheWrong: figures.wrong,
      cacheP50Ms: rounded(percentile(figures.times, 0.5) ?? null),
      cacheP99Ms: rounded(percentile(figures.times, 0.99) ?? null),
    };
  } finally {
    await app.stop();
    await model.close();
  }
}
