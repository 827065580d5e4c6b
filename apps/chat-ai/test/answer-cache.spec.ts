import { CachedAnswerUsed, UsageRecorded } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KnowledgeLoader } from '../src/knowledge/knowledge.loader';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder, rowsOf, runScheduled, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

const PAGE = (price: number) =>
  `# Delivery\n\n## By courier\n\nA courier to the door costs ${price} ₽.\n\n## Coats\n\nThe coat is waterproof.`;

describe('questions that are asked again', () => {
  let folder: string;
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cache-'));
    for (const bot of ['shop', 'other', 'plain']) {
      await mkdir(join(folder, bot));
      await writeFile(join(folder, bot, 'delivery.md'), PAGE(450));
    }
    model = await startModel();
    const products = ['assistant', 'store'];
    bots = await botsFolder({
      shop: { products, assistant: { knowledge: join(folder, 'shop') } },
      other: { products, assistant: { knowledge: join(folder, 'other'), systemPrompt: 'You are another.' } },
      plain: { assistant: { knowledge: join(folder, 'plain') } },
    });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
    await untilTrue('the bases', async () => (await rowsOf(app, 'SELECT FROM knowledge_bases')).length === 3);
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await model.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    await model.reset();
    await rowsOf(app, 'DELETE FROM cached_answers');
  });

  const COSTS = 'How much is a courier to the door?';
  const ask = async (
    text: string,
    says = 'A model has answered.',
    botId = 'shop',
    person = aPerson(() => app, { botId }),
  ) => {
    await model.reset();
    await model.say(says);
    const reply = await person.replyTo(await person.writes(text));
    const calls = (await model.calls()).length;
    return { ...reply, fromCache: calls === 0, person };
  };
  /** Two people ask and are told the same. */
  const learn = async (text = COSTS, says = 'A courier costs 450 ₽ [1].') => {
    for (const _ of [1, 2]) expect(await ask(text, says)).toMatchObject({ fromCache: false });
    await untilTrue(
      'the answer',
      async () => (await rowsOf(app, `SELECT FROM cached_answers WHERE state = 'usable'`)).length > 0,
    );
  };
  const rewrite = async (price: number) => {
    await writeFile(join(folder, 'shop', 'delivery.md'), PAGE(price));
    await app.service.nest.get(KnowledgeLoader).check();
  };

  it('the third person is told what two were told, without a model, at once and at no cost', async () => {
    await learn();
    const third = await ask(COSTS);
    expect(third).toMatchObject({ fromCache: true, outcome: 'answered' });
    expect(third.text).toMatch(/^A courier costs 450 ₽ \[1\]\.\n\n\*Sources: \[1\] Delivery › By courier\*$/);
    const [turn] = await rowsOf(app, 'SELECT model, duration_ms, context_report FROM turns WHERE id = $1', [
      third.replyId,
    ]);
    expect(turn).toMatchObject({ model: 'cache', context_report: null });
    const used = await app.probe.until(CachedAnswerUsed);
    expect(used.data).toMatchObject({ brandId: 'shop', botId: 'shop', channel: 'telegram' });
    expect(app.probe.all(UsageRecorded).filter(({ data }) => data.userId === third.person.userId)).toEqual([]);
    expect(await ask('Hi! Could you tell me how much is a courier to the door please')).toMatchObject({
      fromCache: true,
    });
  });

  it('the same person twice is no second one', async () => {
    const { person } = await ask(COSTS, 'A courier costs 450 ₽ [1].');
    await person.resets();
    await ask(COSTS, 'A courier costs 450 ₽ [1].', 'shop', person);
    expect(await ask(COSTS)).toMatchObject({ fromCache: false });
  });

  it('a price that has changed is never said again', async () => {
    await learn();
    await rewrite(500);
    expect(await ask(COSTS)).toMatchObject({ fromCache: false });
    await rewrite(450);
  });

  it('something new in the base is enough: it may answer better', async () => {
    await learn();
    await writeFile(join(folder, 'shop', 'news.md'), '# News\n\nIn May a courier is half the price.');
    await app.service.nest.get(KnowledgeLoader).check();
    expect(await ask(COSTS)).toMatchObject({ fromCache: false });
    await rm(join(folder, 'shop', 'news.md'));
    await app.service.nest.get(KnowledgeLoader).check();
  });

  it.each([
    ['a negation', 'How much is a courier not to the door?'],
    ['something that leans on what was said', 'And the courier, how much is it?'],
    ['another language', 'Сколько стоит курьер до двери?'],
    ['another number', 'How much is a courier to the door of floor 9?'],
  ])('%s is another question', async (_, text) => {
    await learn();
    expect(await ask(text)).toMatchObject({ fromCache: false });
  });

  it('another bot, another prompt, a bot without a store and a group are told by their models', async () => {
    await learn();
    for (const botId of ['other', 'plain'])
      expect(await ask(COSTS, undefined, botId)).toMatchObject({ fromCache: false });
    const group = aPerson(() => app, { botId: 'shop' });
    await group.replyTo(await group.writes(COSTS, { inGroup: true, senderName: 'Ann' }));
    expect((await model.calls()).length).toBeGreaterThan(0);
  });

  it.each([
    ['a sum that is not in what it cites', 'A courier costs 400 ₽ [1].'],
    ['a stock', 'The courier bag is in stock [1].'],
    ['without a source', 'A courier costs some money.'],
    ['of this very day', 'Today a courier costs 450 ₽ [1].'],
  ])('an answer with %s is not kept', async (_, says) => {
    for (const __ of [1, 2, 3]) expect(await ask(COSTS, says)).toMatchObject({ fromCache: false });
    expect(await rowsOf(app, 'SELECT FROM cached_answers')).toEqual([]);
  });

  it('one that came after something else was said is not kept, because it may hold who asked', async () => {
    const anna = aPerson(() => app, { botId: 'shop' });
    await ask('My name is Agatha', 'Hello Agatha', 'shop', anna);
    await ask(COSTS, 'Agatha, a courier costs 450 ₽ [1].', 'shop', anna);
    expect(await rowsOf(app, 'SELECT FROM cached_answers')).toEqual([]);
  });

  it('where an answer to something else is awaited a model is asked', async () => {
    await learn();
    const { person } = await ask('Hello shop assistant', 'What would you like to know?');
    expect(await ask(COSTS, undefined, 'shop', person)).toMatchObject({ fromCache: false });
  });

  it('an answer that somebody rates down is not given to others', async () => {
    await learn();
    const { person, replyId, fromCache } = await ask(COSTS);
    expect(fromCache).toBe(true);
    await person.rates(replyId, -1);
    await untilTrue(
      'the end of it',
      async () => (await rowsOf(app, `SELECT FROM cached_answers WHERE state = 'refused'`)).length === 1,
    );
    for (const _ of [1, 2, 3])
      expect(await ask(COSTS, 'A courier costs 450 ₽ [1].')).toMatchObject({ fromCache: false });
  });

  it('nothing of who asked is kept, and after a week nothing at all', async () => {
    await learn();
    const [row] = await rowsOf(app, 'SELECT * FROM cached_answers');
    expect(JSON.stringify(row)).not.toMatch(/how much/i);
    app.clock.advance(8 * 86_400_000);
    expect(await ask(COSTS)).toMatchObject({ fromCache: false });
    await rowsOf(app, `UPDATE cached_answers SET learnt_at = learnt_at - interval '9 days'`);
    await runScheduled(app, 'forget-cached-answers');
    expect(await rowsOf(app, 'SELECT FROM cached_answers')).toEqual([]);
  });
});
