import {
  AuditEntryAppendRequested,
  DeleteScenario,
  ListScenarios,
  MessageLabelled,
  SetScenario,
} from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { aPerson, botsFolder, rowsOf, untilTrue } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';
import { ScenarioClassifier } from './scenario';

describe('what messages are about', () => {
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    bots = await botsFolder({ shop: {}, tailor: {} });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await model.stop();
  });

  const person = (botId = 'shop') => aPerson(() => app, { botId });
  const labelsOf = async (messageId: string) =>
    (await app.probe.until(MessageLabelled, ({ data }) => data.messageId === messageId)).data;
  const set = (key: string, examples: string[], botId = 'shop') =>
    app.gateway.call(SetScenario, { params: { botId, key }, body: { title: key, examples } });

  it('each message is labelled when it is answered, in its row and in an event without its words', async () => {
    const anna = person();
    const asked = await anna.writes('Сколько стоит доставка в Казань?');
    const angry = await anna.writes('Опять привезли не то, это обман!');
    const reply = await anna.replyTo(angry);
    expect(await labelsOf(asked)).toMatchObject({
      ...{ chatId: anna.chatId, botId: 'shop', channel: 'telegram', userId: anna.userId, language: 'ru' },
      ...{ scenario: 'delivery', tone: 'neutral', toneScore: 0 },
    });
    const told = await labelsOf(angry);
    expect(told).toMatchObject({ scenario: 'complaint', tone: 'negative' });
    expect(told.promptId).toBeDefined();
    expect(JSON.stringify([told])).not.toMatch(/обман|Казань/);
    const rows = await rowsOf(app, 'SELECT tone, scenario FROM messages WHERE id = ANY($1) ORDER BY position', [
      [asked, angry],
    ]);
    expect(rows).toEqual([
      { tone: 'neutral', scenario: 'delivery' },
      { tone: 'negative', scenario: 'complaint' },
    ]);
    await anna.asksAgain(reply.replyId);
    await untilTrue('another answer', () => anna.replies().length > 1);
    expect(app.probe.all(MessageLabelled).filter(({ data }) => data.messageId === angry)).toHaveLength(1);
  });

  it('words of a quoted message are not those of who quotes it', async () => {
    const anna = person();
    const message = await anna.writes('Which size is it?', { replyToText: 'This is a terrible scam' });
    expect(await labelsOf(message)).toMatchObject({ tone: 'neutral', scenario: 'size', language: 'en' });
  });

  it('staff add scenarios of their own, which hold for their bot alone, and take them away again', async () => {
    const words = ['перекрасить в другой цвет', 'dye it in another colour'];
    expect(await set('dyeing', words)).toMatchObject({ key: 'dyeing', isBuiltIn: false, changedBy: 'staff:root' });
    const [own, foreign] = [person(), person('tailor')];
    expect(await labelsOf(await own.writes('Можно её перекрасить?'))).toMatchObject({ scenario: 'dyeing' });
    expect(await labelsOf(await foreign.writes('Можно её перекрасить?'))).toMatchObject({ scenario: 'other' });
    const { data } = await app.gateway.call(ListScenarios, { params: { botId: 'shop' } });
    expect(data.map(({ key }) => key)).toEqual(expect.arrayContaining(['size', 'return', 'dyeing']));
    await app.gateway.call(DeleteScenario, { params: { botId: 'shop', key: 'dyeing' } });
    expect(await labelsOf(await own.writes('Можно её перекрасить?'))).toMatchObject({ scenario: 'other' });
    const entries = await app.probe.until(AuditEntryAppendRequested, ({ data }) => data.action === DeleteScenario.id);
    expect(entries.data).toMatchObject({
      resourceId: 'dyeing',
      botId: 'shop',
      before: { title: 'dyeing', examples: 2 },
    });
  });

  it('a bot has as many as can be told apart, and none by a name that is taken', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => set(`own-${i}`, ['an example'], 'tailor')));
    await expect(set('one-more', ['an example'], 'tailor')).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.too_many_scenarios' },
    });
    await expect(set('all', ['an example'])).rejects.toMatchObject({ status: 422 });
    await expect(set('size', ['an example'], 'nobody')).rejects.toMatchObject({ status: 404 });
  });

  it('an owner is free to write anything into examples', () => {
    const classifier = new ScenarioClassifier([
      { key: 'odd', examples: ['', '?!', '🙂', '__proto__ constructor', '1 2 3'] },
    ]);
    expect(classifier.scenarioOf('constructor', 0)).toBe('odd');
    expect(classifier.scenarioOf('hasOwnProperty', 0)).toBe('other');
  });
});
