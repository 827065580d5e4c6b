import {
  AuditEntryAppendRequested,
  ExperimentDecided,
  ExposureRecorded,
  ListPromptReleases,
  OpenPromptDraft,
  PublishPrompt,
  ReadPromptInForce,
} from '@switchboard/contracts';
import { armOf, type Experiment } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder } from './build';
import { type RunningModel, startModel } from './start-model';

describe('two versions of a prompt that are compared', () => {
  /** What analytics says. */
  let running: Experiment[] = [];
  const analytics = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ experiments: running }));
  });
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  let warm: string;

  beforeAll(async () => {
    await new Promise<void>((done) => analytics.listen(0, '127.0.0.1', done));
    model = await startModel();
    bots = await botsFolder({ lumen: { assistant: { systemPrompt: 'You are Lumen.' } } });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
      directory: new Map([['analytics', `http://127.0.0.1:${(analytics.address() as AddressInfo).port}`]]),
    });
    // A second version, which is not in force any more.
    const before = await inForce();
    const draft = await app.gateway.call(OpenPromptDraft, {
      params: { botId: 'lumen' },
      body: { text: 'You are Lumen, and warm.' },
      idempotencyKey: uuidv7(),
    });
    warm = (await publish({ draft }, 0)).prompt.id;
    await publish({ promptId: before.prompt.id }, 1);
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await model.stop();
    analytics.close().closeAllConnections();
  });

  const inForce = () => app.gateway.call(ReadPromptInForce, { params: { botId: 'lumen' } });
  const publish = (what: { promptId: string } | { draft: { id: string; revision: number } }, revision: number) =>
    app.gateway.call(PublishPrompt, {
      params: { botId: 'lumen' },
      body: { ...what, why: 'a spec' },
      idempotencyKey: uuidv7(),
      ifMatch: `"${revision}"`,
    });
  const begin = async (values: { control: string; warm: string }) => {
    const id = uuidv7();
    const arms = Object.entries(values).map(([key, value]) => ({ key, value, weight: 5000 }));
    running = [
      { id, key: 'lumen-warm', place: 'chat-ai.prompt:lumen', salt: id, arms, coverage: 10_000, namespace: null },
    ];
    app.clock.advance(10 * 60_000);
    return running[0]!;
  };
  /** The first line of what the model was told when it answered. */
  const told = async ({ writes, replyTo }: ReturnType<typeof aPerson>) => {
    await replyTo(await writes(`Hello ${uuidv7()}`));
    return (await model.calls()).at(-1)!.body.messages[0]!.content.split('\n')[0];
  };
  const exposuresOf = (userId: string) => app.probe.all(ExposureRecorded).filter(({ data }) => data.userId === userId);

  it('are told to those whose arm it is, in all of their chats, and each answer says so', async () => {
    const { prompt } = await inForce();
    const experiment = await begin({ control: prompt.id, warm });
    const seen = new Set<string>();
    while (seen.size < 2) {
      const person = aPerson(() => app);
      const arm = armOf(experiment, person.userId)!.key;
      seen.add(arm);
      const expected = arm === 'warm' ? 'You are Lumen, and warm.' : 'You are Lumen.';
      expect(await told(person)).toBe(expected);
      const elsewhere = aPerson(() => app);
      await elsewhere.replyTo(await elsewhere.writes('Hi again', { userId: person.userId }));
      expect((await model.calls()).at(-1)!.body.messages[0]!.content.split('\n')[0]).toBe(expected);
      await until(() => exposuresOf(person.userId).length === 2, { what: 'the exposures' });
      expect(exposuresOf(person.userId)[0]!.data).toMatchObject({
        experimentId: experiment.id,
        experiment: 'lumen-warm',
        arm,
      });
    }
  });

  it('are no longer told when it has been taken back', async () => {
    running = [];
    app.clock.advance(10 * 60_000);
    const person = aPerson(() => app);
    expect(await told(person)).toBe('You are Lumen.');
    expect(exposuresOf(person.userId)).toEqual([]);
  });

  it('of which one does not exist are not told, nor counted', async () => {
    await begin({ control: '1', warm: uuidv7() });
    const person = aPerson(() => app);
    expect(await told(person)).toBe('You are Lumen.');
    expect(exposuresOf(person.userId)).toEqual([]);
    running = [];
  });

  it('become one when staff have decided so, and only then', async () => {
    const decided = (decision: string, place = 'chat-ai.prompt:lumen') =>
      app.probe.say(
        ExperimentDecided({
          experimentId: uuidv7(),
          experiment: 'lumen-warm',
          place,
          decision,
          arm: 'warm',
          value: warm,
          automatic: false,
          decidedBy: { kind: 'staff', id: 'anna', roles: ['analyst'] },
        }),
      );
    await decided('harmful');
    await decided('ship', 'payments.price:pro');
    await decided('never_heard_of');
    await decided('ship');
    await decided('ship');
    await until(async () => (await inForce()).prompt.id === warm, { what: 'the prompt in force' });
    const { data } = await app.gateway.call(ListPromptReleases, { params: { botId: 'lumen' } });
    expect(data[0]).toMatchObject({
      number: 3,
      action: 'published',
      releasedBy: 'staff:anna',
      why: 'The experiment lumen-warm was ended with the decision that everybody gets "warm".',
    });
    const entry = await app.probe.until(AuditEntryAppendRequested, ({ data }) => data.after?.['promptId'] === warm);
    expect(app.probe.all(AuditEntryAppendRequested).at(-1)!.data).toMatchObject({
      actor: { kind: 'staff', id: 'anna' },
      action: PublishPrompt.id,
    });
    expect(entry.data.resourceId).toBe('lumen');
    expect(data).toHaveLength(3);
  });
});
