import {
  ExperimentDecided,
  ExposureRecorded,
  ListPromptReleases,
  ListPromptVersions,
  OpenPromptDraft,
  PublishPrompt,
  ReadPromptInForce,
  WithdrawPrompt,
} from '@switchboard/contracts';
import { armOf, type Experiment } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder } from './build';
import { type RunningModel, startModel } from './start-model';

const BASE = 'You are the shop.';
const ABOUT_SIZES = 'Ask for height and chest first.';

describe('what an assistant is told about what is asked', () => {
  /** What analytics says. */
  let running: Experiment[] = [];
  const analytics = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ experiments: running }));
  });
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;

  beforeAll(async () => {
    await new Promise<void>((done) => analytics.listen(0, '127.0.0.1', done));
    model = await startModel();
    const assistant = { systemPrompt: BASE };
    bots = await botsFolder({ shop: { assistant }, tailor: { assistant }, tested: { assistant } });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
      directory: new Map([['analytics', `http://127.0.0.1:${(analytics.address() as AddressInfo).port}`]]),
    });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await model.stop();
    analytics.close().closeAllConnections();
  });
  beforeEach(() => model.reset());

  const inForce = (botId: string, scenario = 'size') =>
    app.gateway.call(ReadPromptInForce, { params: { botId }, query: { scenario } });
  const publish = async (botId: string, text: string, scenario = 'size') => {
    const params = { botId };
    const draft = await app.gateway.call(OpenPromptDraft, {
      ...{ params, body: { text, scenario }, idempotencyKey: uuidv7() },
    });
    const { revision } = await inForce(botId, scenario);
    return app.gateway.call(PublishPrompt, {
      params,
      body: { draft: { id: draft.id, revision: draft.revision }, why: 'a spec', scenario },
      idempotencyKey: uuidv7(),
      ifMatch: `"${revision}"`,
    });
  };
  /** What the model is told of who it is, up to the first sentence that is ours. */
  const told = async (botId: string, text: string, person = aPerson(() => app, { botId })) => {
    await person.replyTo(await person.writes(text));
    return (await model.calls()).at(-1)!.body.messages[0]!.content.split('\n\nAnswer in the language')[0];
  };

  it('is told besides the rest, to those alone who ask about it, and only in its bot', async () => {
    const published = await publish('shop', ABOUT_SIZES);
    expect(published).toMatchObject({ scenario: 'size', source: 'console', described: { text: '' } });
    await until(async () => (await told('shop', 'Which size should I take?')) === `${BASE}\n\n${ABOUT_SIZES}`, {
      what: 'the part',
    });
    expect(await told('shop', 'How much is delivery?')).toBe(BASE);
    expect(await told('shop', 'Good morning')).toBe(BASE);
    expect(await told('tailor', 'Which size should I take?')).toBe(BASE);
  });

  it('has versions and releases of its own, and leaves what is told in any case as it is', async () => {
    const first = await publish('tailor', 'Measure first.');
    const second = await publish('tailor', 'Measure twice.');
    expect(second.prompt.version).toBeGreaterThan(first.prompt.version);
    expect(await inForce('tailor', 'all')).toMatchObject({
      source: 'description',
      prompt: { text: BASE },
      revision: 0,
    });
    const of = async (scenario: string) =>
      (await app.gateway.call(ListPromptReleases, { params: { botId: 'tailor' }, query: { scenario } })).data.length;
    expect([await of('size'), await of('all')]).toEqual([2, 0]);
    const { data } = await app.gateway.call(ListPromptVersions, {
      params: { botId: 'tailor' },
      query: { scenario: 'size' },
    });
    expect(data.every(({ scenario }) => scenario === 'size')).toBe(true);
    // A version of one scenario is none of another.
    await expect(
      app.gateway.call(PublishPrompt, {
        params: { botId: 'tailor' },
        body: { promptId: first.prompt.id, why: 'a spec', scenario: 'return' },
        idempotencyKey: uuidv7(),
        ifMatch: '"0"',
      }),
    ).rejects.toMatchObject({ status: 404, problem: { code: 'chat-ai.prompt_not_found' } });
    await app.gateway.call(WithdrawPrompt, {
      params: { botId: 'tailor' },
      body: { why: 'a spec', scenario: 'size' },
      idempotencyKey: uuidv7(),
      ifMatch: `"${(await inForce('tailor')).revision}"`,
    });
    await until(async () => (await told('tailor', 'Which size should I take?')) === BASE, { what: 'nothing besides' });
  });

  it('is compared at a place of its own; a person has one arm there, and everybody gets what was decided', async () => {
    const published = await publish('tested', 'Be brief about sizes.');
    const nothing = published.described.id;
    const id = uuidv7();
    const arms = [
      { key: 'without', value: nothing, weight: 5000 },
      { key: 'brief', value: published.prompt.id, weight: 5000 },
    ];
    const place = 'chat-ai.prompt:tested:size';
    running = [{ id, key: 'sizes', place, salt: id, arms, coverage: 10_000, namespace: null }];
    app.clock.advance(10 * 60_000);
    const seen = new Set<string>();
    while (seen.size < 2) {
      const person = aPerson(() => app, { botId: 'tested' });
      const arm = armOf(running[0]!, person.userId)!.key;
      seen.add(arm);
      const expected = arm === 'brief' ? `${BASE}\n\nBe brief about sizes.` : BASE;
      expect(await told('tested', 'Which size should I take?', person)).toBe(expected);
      expect(await told('tested', 'How much is delivery?', person)).toBe(BASE);
      const exposures = () => app.probe.all(ExposureRecorded).filter(({ data }) => data.userId === person.userId);
      await until(() => exposures().length === 1, { what: 'the exposure' });
      expect(exposures()[0]!.data).toMatchObject({ experiment: 'sizes', arm });
    }
    running = [];
    await app.probe.say(
      ExperimentDecided({
        ...{ experimentId: id, experiment: 'sizes', place, decision: 'ship', arm: 'without', value: nothing },
        ...{ automatic: false, decidedBy: { kind: 'staff', id: 'anna', roles: ['analyst'] } },
      }),
    );
    await until(async () => (await inForce('tested')).prompt.id === nothing, { what: 'the decision' });
    expect(await inForce('tested', 'all')).toMatchObject({ source: 'description' });
  });
});
