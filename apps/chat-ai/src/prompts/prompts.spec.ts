import {
  type Actor,
  AuditEntryAppendRequested,
  ChangePromptDraft,
  DiscardPromptDraft,
  type EventOf,
  ListPromptDrafts,
  ListPromptReleases,
  ListPromptVersions,
  ListTurns,
  OpenPromptDraft,
  PublishPrompt,
  ReadPromptDraft,
  ReadPromptInForce,
  ReadPromptVersion,
  WithdrawPrompt,
} from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, botsFolder, rereadBots, rowsOf } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { AssistantsService } from '../assistants/assistants.service';
import { chatAiApp } from '../chat-ai.app';
import { PromptsService } from './prompts.service';

const DESCRIBED = 'You are the desk of a hotel.';

describe('prompts', () => {
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let env: Record<string, string>;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    bots = await botsFolder({
      counter: { assistant: { systemPrompt: 'You are the counter of a shop.' } },
      ...Object.fromEntries(
        ['desk', 'lobby', 'kitchen', 'garage', 'spa'].map((id) => [id, { assistant: { systemPrompt: DESCRIBED } }]),
      ),
    });
    env = { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' };
    app = await startApp(chatAiApp, { env });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await model.stop();
  });
  beforeEach(() => model.reset());

  const inForce = (botId: string) => app.gateway.call(ReadPromptInForce, { params: { botId } });
  const openDraft = (botId: string, text: string, note = '') =>
    app.gateway.call(OpenPromptDraft, { params: { botId }, body: { text, note }, idempotencyKey: uuidv7() });
  const publish = async (
    botId: string,
    what: { promptId: string } | { draft: { id: string; revision: number } },
    { why = 'it reads better', revision, key = uuidv7() }: { why?: string; revision?: number; key?: string } = {},
  ) =>
    app.gateway.call(PublishPrompt, {
      params: { botId },
      body: { ...what, why },
      idempotencyKey: key,
      ifMatch: `"${revision ?? (await inForce(botId)).revision}"`,
    });
  const withdraw = async (botId: string) =>
    app.gateway.call(WithdrawPrompt, {
      params: { botId },
      body: { why: 'a mistake' },
      idempotencyKey: uuidv7(),
      ifMatch: `"${(await inForce(botId)).revision}"`,
    });
  /** The first line of what the model is told in a turn. */
  const toldBy = async (botId: string) => {
    const anna = aPerson(() => app, { botId });
    await anna.replyTo(await anna.writes(`Hello ${uuidv7()}`));
    return (await model.calls()).at(-1)!.body.messages[0]!.content.split('\n')[0];
  };

  it('one that is published goes before the description, any earlier one comes back by one call, and it can be withdrawn', async () => {
    expect(await inForce('desk')).toMatchObject({
      source: 'description',
      prompt: { version: 1, origin: 'description', text: DESCRIBED, createdBy: null, isInForce: true },
      release: null,
      revision: 0,
    });
    const draft = await openDraft('desk', 'You are the night porter.', 'for the night');
    const published = await publish('desk', { draft }, { why: 'the night is different' });
    expect(published).toMatchObject({
      source: 'console',
      prompt: { version: 2, origin: 'console', note: 'for the night', createdBy: 'staff:root' },
      release: { number: 1, action: 'published', why: 'the night is different', releasedBy: 'staff:root' },
      described: { version: 1, text: DESCRIBED, isInForce: false },
      revision: 1,
    });
    await until(async () => (await toldBy('desk')) === 'You are the night porter.', { what: 'the prompt in a turn' });

    const [turn] = await rowsOf<{ id: string }>(
      app,
      'SELECT conversation_id AS id FROM turns ORDER BY started_at DESC LIMIT 1',
    );
    const { data: turns } = await app.gateway.call(ListTurns, { params: { conversationId: turn!.id } });
    expect(turns).toMatchObject([{ prompt: { version: 2 } }]);

    const back = await publish('desk', { promptId: published.described.id });
    expect(back).toMatchObject({ source: 'console', prompt: { version: 1 }, release: { action: 'rolled_back' } });
    await until(async () => (await toldBy('desk')) === DESCRIBED, { what: 'the former prompt in a turn' });
    expect(await withdraw('desk')).toMatchObject({
      source: 'description',
      prompt: { version: 1 },
      release: { number: 3, action: 'withdrawn', prompt: null },
    });
    await expect(withdraw('desk')).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.prompt_not_published' },
    });
    const { data } = await app.gateway.call(ListPromptReleases, { params: { botId: 'desk' } });
    expect(data.map(({ action, prompt }) => [action, prompt?.version])).toEqual([
      ['withdrawn', undefined],
      ['rolled_back', 1],
      ['published', 2],
    ]);
  });

  it('every process follows, also one that no signal reaches or that starts later', async () => {
    const deaf = await startApp(chatAiApp, { env, database: app.database });
    const told = async ({ service: { nest } }: TestApp) =>
      (await nest.get(PromptsService).promptFor(nest.get(AssistantsService).get('lobby'), uuidv7())).prompt.text;
    expect(await told(deaf)).toBe(DESCRIBED);
    await publish('lobby', { draft: await openDraft('lobby', 'You are the concierge.') });
    await until(async () => (await told(deaf)) === 'You are the concierge.', { what: 'the prompt', timeoutMs: 10_000 });
    await deaf.stop({ keepDatabase: true });
    const late = await startApp(chatAiApp, { env, database: app.database });
    expect(await told(late)).toBe('You are the concierge.');
    await late.stop({ keepDatabase: true });
  });

  it('a signal is enough: the poll is for those that are lost', async () => {
    const heard = jest.spyOn(app.service.nest.get(PromptsService), 'wake');
    await publish('garage', { draft: await openDraft('garage', 'You are the mechanic.') });
    await until(() => heard.mock.calls.length > 0, { what: 'the signal' });
    heard.mockRestore();
  });

  it('who has not seen the last release publishes nothing, and is shown what is in force', async () => {
    const first = await publish('kitchen', { draft: await openDraft('kitchen', 'You are the cook.') });
    const draft = await openDraft('kitchen', 'You are the waiter.');
    await expect(publish('kitchen', { draft }, { revision: 0 })).rejects.toMatchObject({
      status: 412,
      problem: { params: { present: { revision: 1, prompt: { id: first.prompt.id, text: 'You are the cook.' } } } },
    });
    expect(await inForce('kitchen')).toMatchObject({ revision: 1, prompt: { text: 'You are the cook.' } });
  });

  it('a draft is published as it was looked at, once, and then it is one no longer', async () => {
    const draft = await openDraft('spa', 'You are the masseur.');
    const change = (text: string, revision: number) =>
      app.gateway.call(ChangePromptDraft, {
        params: { botId: 'spa', draftId: draft.id },
        body: { text },
        ifMatch: `"${revision}"`,
      });
    expect(await change('You are the masseuse.', 1)).toMatchObject({ text: 'You are the masseuse.', revision: 2 });
    await expect(change('You are nobody.', 1)).rejects.toMatchObject({
      status: 412,
      problem: { params: { present: { text: 'You are the masseuse.', revision: 2 } } },
    });
    await expect(publish('spa', { draft })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.prompt_draft_changed', params: { revision: 2 } },
    });
    const key = uuidv7();
    const asked = { draft: { id: draft.id, revision: 2 } };
    const once = await publish('spa', asked, { key, revision: 0 });
    expect(await publish('spa', asked, { key, revision: 0 })).toEqual(once);
    expect((await app.gateway.call(ListPromptReleases, { params: { botId: 'spa' } })).data).toHaveLength(1);
    const params = { botId: 'spa', draftId: draft.id };
    await expect(app.gateway.call(ReadPromptDraft, { params })).rejects.toMatchObject({
      status: 404,
      problem: { code: 'chat-ai.prompt_draft_not_found' },
    });
    const isOfSpa = ({ data }: EventOf<typeof AuditEntryAppendRequested>) => data.resourceId === 'spa';
    await app.probe.until(AuditEntryAppendRequested, isOfSpa);
    expect(app.probe.all(AuditEntryAppendRequested).filter(isOfSpa)).toMatchObject([
      {
        data: {
          actor: { kind: 'staff', id: 'root' },
          action: 'chat-ai.prompt-releases.publish',
          botId: 'spa',
          before: { version: 1 },
          after: { promptId: once.prompt.id, version: 2 },
          reason: 'it reads better',
        },
      },
    ]);
  });

  it('a text that was a version before is that version', async () => {
    const { prompt } = await inForce('counter');
    const draft = await openDraft('counter', prompt.text);
    expect(await publish('counter', { draft })).toMatchObject({ prompt: { id: prompt.id, version: 1 } });
    await bots.write('counter', { assistant: { systemPrompt: 'You are the new counter.' } });
    await rereadBots(app);
    // What the description says now is the next version, and no turn is told it.
    expect(await inForce('counter')).toMatchObject({
      source: 'console',
      prompt: { version: 1 },
      described: { version: 2, text: 'You are the new counter.', isInForce: false },
    });
    const { data } = await app.gateway.call(ListPromptVersions, { params: { botId: 'counter' } });
    expect(data).toMatchObject([
      { version: 2, origin: 'description', isInForce: false, characters: 24 },
      { version: 1, isInForce: true },
    ]);
    expect(data[0]).not.toHaveProperty('text');
    const params = { botId: 'counter', promptId: data[0]!.id };
    expect(await app.gateway.call(ReadPromptVersion, { params })).toMatchObject({ text: 'You are the new counter.' });
  });

  it('drafts are listed with what they are based on, page by page, and thrown away', async () => {
    const { prompt } = await inForce('lobby');
    const texts = ['One', 'Two', 'Three'];
    for (const text of texts)
      await app.gateway.call(OpenPromptDraft, {
        params: { botId: 'lobby' },
        body: { text, basedOn: prompt.id },
        idempotencyKey: uuidv7(),
      });
    const list = (query: { limit?: number; after?: string } = {}) =>
      app.gateway.call(ListPromptDrafts, { params: { botId: 'lobby' }, query });
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, after: first.page.next! });
    expect([...first.data, ...second.data].map(({ text }) => text)).toEqual(['Three', 'Two', 'One']);
    expect(first.data[0]).toMatchObject({ basedOn: { id: prompt.id, version: prompt.version }, revision: 1 });
    for (const { id } of (await list()).data)
      await app.gateway.call(DiscardPromptDraft, { params: { botId: 'lobby', draftId: id } });
    expect((await list()).data).toEqual([]);
  });

  it.each([
    [
      'a version of another bot',
      async () => ({ promptId: (await inForce('counter')).prompt.id }),
      404,
      'prompt_not_found',
    ],
    ['a version that never was', async () => ({ promptId: uuidv7() }), 404, 'prompt_not_found'],
    ['a draft that never was', async () => ({ draft: { id: uuidv7(), revision: 1 } }), 404, 'prompt_draft_not_found'],
  ] as const)('%s is not published', async (_, what, status, code) => {
    await expect(publish('garage', await what())).rejects.toMatchObject({
      status,
      problem: { code: `chat-ai.${code}` },
    });
  });

  it('bad input is refused with what is wrong', async () => {
    await expect(openDraft('desk', '   ')).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/text' }] },
    });
    await expect(openDraft('nowhere', 'A text')).rejects.toMatchObject({
      status: 404,
      problem: { code: 'chat-ai.bot_not_found' },
    });
    const both = { promptId: uuidv7(), draft: { id: uuidv7(), revision: 1 } };
    await expect(publish('desk', both)).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/promptId', detail: 'name either a version or a draft' }] },
    });
  });

  it('who may see another bot only does not see this one, and who may only read writes nothing', async () => {
    const staff = (scopes: string[], more = {}): Actor => ({ kind: 'staff', id: 'sam', roles: [], scopes, ...more });
    const of = (botId: string, actor: Actor) => app.gateway.call(ReadPromptInForce, { params: { botId } }, { actor });
    const counterOnly = staff(['prompts:read'], { bots: ['counter'] });
    await expect(of('desk', counterOnly)).rejects.toMatchObject({ status: 404 });
    expect(await of('counter', counterOnly)).toMatchObject({ botId: 'counter' });
    const body = { text: 'Mine' };
    await expect(
      app.gateway.call(
        OpenPromptDraft,
        { params: { botId: 'desk' }, body, idempotencyKey: uuidv7() },
        { actor: staff(['prompts:read']) },
      ),
    ).rejects.toMatchObject({ status: 403 });
  });
});
