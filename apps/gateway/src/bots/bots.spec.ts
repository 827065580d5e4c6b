import {
  type Actor,
  ArchiveBot,
  BotConfigured,
  BotsChanged,
  CheckBotChannel,
  CheckBotDraft,
  CompareBotRevisions,
  CreateBot,
  EditBot,
  ListBotRevisions,
  ListBots,
  PauseBot,
  type Problem,
  ReadBot,
  ReadBotRevision,
  RemoveBotSecret,
  RestoreBot,
  ResumeBot,
  RollBackBot,
  SetBotSecret,
  TakeOverBot,
} from '@switchboard/contracts';
import { createLog, UpstreamHttpError } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { audited } from '../../test/audit';
import { PretendedServices } from '../../test/pretended-services';
import { gatewayApp } from '../gateway.app';

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
const OLD_KEYS = { ENCRYPTION_KEYS: key('k1', 1) };
const SECRET = '4711:the-secret-of-this-bot';

const staff = (scopes: string[], bots?: string[]): Actor => ({
  kind: 'staff',
  id: uuidv7(),
  roles: [],
  scopes,
  ...(bots && { bots }),
});
const EDITOR = staff(['bots:read', 'bots:write']);

describe('bots', () => {
  let services: PretendedServices;
  let app: TestApp;
  let folder: string;
  let lines: string[];
  let n = 0;

  beforeAll(async () => {
    services = await PretendedServices.start();
    folder = mkdtempSync(join(tmpdir(), 'bots-'));
    lines = [];
    writeFileSync(
      join(folder, 'of-file.json'),
      JSON.stringify({
        name: 'Of a file',
        channel: { kind: 'telegram', tokenEnv: 'TOKEN_OF_FILE' },
        assistant: { systemPrompt: 'As in the file.', knowledge: '../knowledge' },
      }),
    );
    writeFileSync(join(folder, 'unreadable.json'), JSON.stringify({ name: '', channel: { kind: 'telegram' } }));
    app = await startApp(gatewayApp, {
      directory: services.directory,
      log: createLog({ level: 'debug', format: 'json' }, { write: (line) => void lines.push(line) }),
      env: { BOTS_FOLDER: folder, TOKEN_OF_FILE: '900:of-the-file', ...OLD_KEYS },
    });
  });
  afterEach(() => services.away.clear());
  afterAll(async () => {
    await app.stop();
    services.stop();
    rmSync(folder, { recursive: true });
  });

  const nextToken = () => `${(n += 1)}:${uuidv7()}`;
  const described = (more: object = {}) => ({ name: 'Desk', channel: { kind: 'telegram' }, ...more });
  const create = async ({
    description = described(),
    secrets = {} as Record<string, string>,
    id = `desk-${(n += 1)}`,
  } = {}) => {
    const body = { id, description, secrets: { 'channel.token': nextToken(), ...secrets } };
    return app.gateway.call(CreateBot, { body, idempotencyKey: uuidv7() });
  };
  const read = (botId: string) => app.gateway.call(ReadBot, { params: { botId } });
  const edit = ({ id, revision }: { id: string; revision: string }, body: object, actor?: Actor) =>
    app.gateway.call(EditBot, { params: { botId: id }, body, ifMatch: `"${revision}"` }, actor && { actor });
  const problemOf = async (call: Promise<unknown>): Promise<Problem> => {
    const error: unknown = await call.then(
      () => new Error('it was not refused'),
      (refusal: unknown) => refusal,
    );
    if (!(error instanceof UpstreamHttpError)) throw error;
    return error.problem!;
  };
  const errorsOf = async (call: Promise<unknown>) =>
    (await problemOf(call)).errors!.map(({ pointer, code }) => `${pointer} ${code}`);
  const descriptions = async (service: string, known = '') => {
    const answer = await fetch(`${app.url}/bot-descriptions?known=${known}`, { headers: await app.as(service) });
    return (await answer.json()) as { revision: string; bots?: { id: string; secrets: object; state: string }[] };
  };
  const toldTo = async (service: string, id: string) =>
    (await descriptions(service)).bots!.find((bot) => bot.id === id);

  describe('that are made', () => {
    it('are there once however often they are asked for, are said, and every process is told', async () => {
      const idempotencyKey = uuidv7();
      const body = { id: 'once', description: described(), secrets: { 'channel.token': nextToken() }, why: 'A test' };
      const [first, second] = [
        await app.gateway.call(CreateBot, { body, idempotencyKey }),
        await app.gateway.call(CreateBot, { body, idempotencyKey }),
      ];
      expect(second).toEqual(first);
      expect(first).toMatchObject({ id: 'once', state: 'active', revision: '1', describedBy: 'gateway' });
      await app.probe.until(BotConfigured, ({ data }) => data.botId === 'once' && data.revision === 1);
      await until(() => app.probe.signalsOf(BotsChanged).some(({ botId }) => botId === 'once'), { what: 'the signal' });
      const again = app.gateway.call(CreateBot, { body, idempotencyKey: uuidv7() });
      expect(await problemOf(again)).toMatchObject({ status: 409, code: 'gateway.bot_exists' });
      expect(await audited(app, { resource: 'once' })).toEqual(['gateway.bots.create done']);
    });

    it('with mistakes are not: each service tells its own, with pointers, and a misspelt section is one as well', async () => {
      const description = described({ name: '', assistant: { systemPrompt: 7, promt: 'x' }, asistant: {} });
      const refused = create({ id: 'mistaken', description, secrets: { 'channel.token': 'no token' } });
      expect((await errorsOf(refused)).sort()).toEqual([
        '/description/asistant unknown_section',
        '/description/assistant unrecognized_keys',
        '/description/assistant/systemPrompt invalid_type',
        '/description/name too_small',
      ]);
      expect(await errorsOf(create({ id: 'mistaken', secrets: { 'channel.token': 'no token' } }))).toEqual([
        '/secrets/channel.token invalid_format',
      ]);
      expect(await problemOf(read('mistaken'))).toMatchObject({ status: 404, code: 'gateway.bot_not_found' });
      const body = JSON.stringify({ id: 'mistaken', description: described(), secrets: { 'channel.token': 'none' } });
      const headers = { ...(await app.as('gateway')), 'content-type': 'application/json', 'accept-language': 'ru' };
      const inRussian = await fetch(`${app.url}/bots`, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': uuidv7() },
        body,
      });
      expect(((await inRussian.json()) as Problem).errors).toMatchObject([{ detail: 'не токен' }]);
    });

    it('name neither secrets nor variables, files or folders of the machine', async () => {
      const assistant = { apiKeyEnv: 'LOOKUP_KEY', tokenFile: '/etc/passwd', password: 'x', knowledge: '/etc' };
      const withSecrets = create({ description: described({ assistant }) });
      expect(await errorsOf(withSecrets)).toEqual(
        expect.arrayContaining([
          '/description/assistant/apiKeyEnv names_machine',
          '/description/assistant/tokenFile names_machine',
          '/description/assistant/password secret_in_plain',
        ]),
      );
      const withFolder = create({ description: described({ assistant: { knowledge: '/etc' } }) });
      expect(await errorsOf(withFolder)).toEqual(['/description/assistant/knowledge unusable']);
    });

    it('are not while a service that reads them is away; any other may be', async () => {
      services.away.add('chat-ai');
      await create();
      const withPrompt = create({ description: described({ assistant: { systemPrompt: 'Hello' } }) });
      expect(await problemOf(withPrompt)).toMatchObject({ status: 503, code: 'gateway.bot_unchecked' });
    });

    it('can be checked before, with the secrets that they could use', async () => {
      const body = { id: 'draft', description: described({ assistant: { systemPrompt: 'x' } }), secrets: {} };
      expect(await app.gateway.call(CheckBotDraft, { body })).toMatchObject({
        errors: [{ pointer: '/channel/token', code: 'required' }],
        secrets: ['assistant.apiKey', 'channel.token'],
        unchecked: [],
      });
    });
  });

  describe('secrets', () => {
    it('are told to the services that read their section, and to nobody else', async () => {
      const { id, secrets } = await create({
        secrets: { 'channel.token': SECRET, 'assistant.apiKey': `sk-${SECRET}` },
      });
      expect(secrets).toEqual([
        expect.objectContaining({ name: 'assistant.apiKey', isSet: true, last4: '-bot' }),
        expect.objectContaining({ name: 'channel.token', isSet: true, last4: '-bot' }),
      ]);
      expect((await toldTo('bot-adapter', id))!.secrets).toEqual({ 'channel.token': SECRET });
      expect((await toldTo('chat-ai', id))!.secrets).toEqual({ 'assistant.apiKey': `sk-${SECRET}` });
      expect((await toldTo('tts-worker', id))!.secrets).toEqual({});
      const asked = services.asked.filter(({ body }) => body['id'] === id);
      expect(asked.map(({ service, body }) => [service, Object.keys(body['secrets'] as object)]).sort()).toEqual([
        ['bot-adapter', ['channel.token']],
        ['chat-ai', ['assistant.apiKey']],
      ]);
      const asOwner = await fetch(`${app.url}/bot-descriptions`, { headers: await app.as('gateway') });
      expect(asOwner.status).toBe(404);
    });

    it('are in no table, event, line of the log or answer', async () => {
      const { id } = await create();
      const params = { botId: id, name: 'channel.token' };
      const token = nextToken();
      const answers = [
        await app.gateway.call(SetBotSecret, { params, body: { value: token } }),
        await read(id),
        await app.gateway.call(ListBotRevisions, { params: { botId: id } }),
        await app.gateway.call(ReadBotRevision, { params: { botId: id, revision: 2 } }),
        await problemOf(app.gateway.call(SetBotSecret, { params, body: { value: 'no-token-at-all' } })),
      ];
      await app.probe.until(BotConfigured, ({ data }) => data.botId === id && data.revision === 2);
      const tables = await app.service.db.query<{ name: string }[]>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
      );
      const rows = await Promise.all(tables.map(({ name }) => app.service.db.query(`SELECT * FROM ${name}`)));
      const everything = JSON.stringify([answers, rows, app.probe.heard, lines]);
      expect(everything).toContain(id);
      expect(everything).not.toContain(token);
      expect(everything).not.toContain('no-token-at-all');
    });

    it('need a right of their own, and are checked', async () => {
      const { id } = await create();
      const params = { botId: id, name: 'channel.token' };
      const set = (value: string, actor?: Actor) =>
        app.gateway.call(SetBotSecret, { params, body: { value } }, actor && { actor });
      expect((await problemOf(set(nextToken(), EDITOR))).status).toBe(403);
      const bot = await read(id);
      const refused = await problemOf(edit(bot, { secrets: { 'channel.token': null } }, EDITOR));
      expect(refused).toMatchObject({ status: 403, code: 'forbidden', params: { permission: 'secrets:write' } });
      expect(await errorsOf(set('nonsense'))).toEqual(['/value invalid_format']);
      expect(await errorsOf(app.gateway.call(RemoveBotSecret, { params }))).toEqual([
        '/secrets/channel.token required',
      ]);
      expect((await read(id)).revision).toBe(bot.revision);
      const unread = app.gateway.call(SetBotSecret, {
        params: { botId: id, name: 'nobody.token' },
        body: { value: 'x' },
      });
      expect(await errorsOf(unread)).toEqual(['/secrets/nobody.token unknown_section']);
    });

    it('that one may not read go to no other server than the one they were given for', async () => {
      const assistant = { systemPrompt: 'x', baseUrl: 'https://models.example/v1' };
      const bot = await create({ description: described({ assistant }), secrets: { 'assistant.apiKey': SECRET } });
      const elsewhere = { patch: { assistant: { baseUrl: 'https://elsewhere.example/v1' } } };
      expect(await errorsOf(edit(bot, elsewhere, EDITOR))).toEqual(['/secrets/assistant.apiKey secret_needed_again']);
      const apiRoot = app.gateway.call(CheckBotChannel, {
        body: { botId: bot.id, channel: { kind: 'telegram', apiRoot: 'https://elsewhere.example' } },
      });
      expect(await errorsOf(apiRoot)).toEqual(['/secrets/channel.token secret_needed_again']);
      const given = { ...elsewhere, secrets: { 'assistant.apiKey': 'sk-another' } };
      expect((await edit(bot, given)).description).toMatchObject({ assistant: elsewhere.patch.assistant });
    });

    it('servers of its own are given to a bot only by who may set secrets', async () => {
      const baseUrl = 'https://elsewhere.example/v1';
      const bot = await create();
      const tries = [
        edit(bot, { patch: { assistant: { baseUrl } } }, EDITOR),
        edit(bot, { sections: { assistant: { fallback: { model: 'm', baseUrl } } } }, EDITOR),
        app.gateway.call(
          CheckBotChannel,
          { body: { botId: 'unknown', channel: { kind: 'telegram', apiRoot: 'http://10.0.0.1' } } },
          { actor: EDITOR },
        ),
        app.gateway.call(
          CreateBot,
          { body: { id: 'astray', description: described({ assistant: { baseUrl } }) }, idempotencyKey: uuidv7() },
          { actor: EDITOR },
        ),
      ];
      for (const refused of tries) expect((await problemOf(refused)).status).toBe(403);
      const both = staff(['bots:read', 'bots:write', 'secrets:write']);
      const directed = await edit(bot, { patch: { assistant: { baseUrl } } }, both);
      const patch = { assistant: { systemPrompt: 'Elsewhere.' } };
      expect((await edit(directed, { patch }, EDITOR)).description).toMatchObject({ assistant: { baseUrl } });
    });

    it('whose key is missing for a time are told again when it is back', async () => {
      const bot = await create();
      const told = async (known?: string) => {
        const { revision, bots } = await descriptions('bot-adapter', known);
        return { revision, bot: bots?.find(({ id }) => id === bot.id) };
      };
      const rename = (from: string, to: string) =>
        app.service.db.query('UPDATE bot_secrets SET value = replace(value, $2, $3) WHERE bot_id = $1', [
          bot.id,
          from,
          to,
        ]);
      const before = await told();
      await rename('.k1.', '.k9.');
      const without = await told(before.revision);
      expect(without.bot).toMatchObject({ secrets: {}, unreadable: ['channel.token'] });
      await rename('.k9.', '.k1.');
      expect(await told(without.revision)).toEqual(before);
    });

    it('tokens are of one bot only, also when two are made at once; one that is archived gives its token back', async () => {
      const token = nextToken();
      const made = await Promise.allSettled(
        ['twin-a', 'twin-b'].map((id) => create({ id, secrets: { 'channel.token': token } })),
      );
      const [first] = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const refused = made.find((result) => result.status === 'rejected') as PromiseRejectedResult;
      expect(await errorsOf(Promise.reject(refused.reason as Error))).toEqual(['/secrets/channel.token token_in_use']);
      await app.gateway.call(ArchiveBot, { params: { botId: first!.id }, body: {} });
      await create({ id: 'heir', secrets: { 'channel.token': token } });
      const restored = app.gateway.call(RestoreBot, { params: { botId: first!.id }, body: {} });
      expect(await errorsOf(restored)).toEqual(['/secrets/channel.token token_in_use']);
      expect(await errorsOf(create({ id: 'thief', secrets: { 'channel.token': '900:of-the-file' } }))).toEqual([
        '/secrets/channel.token token_in_use',
      ]);
    });

    it('are sent to the channel for the wizard, those that are set as well', async () => {
      const token = nextToken();
      const { id } = await create({ secrets: { 'channel.token': token } });
      const body = { botId: id, channel: { kind: 'telegram' } };
      expect(await app.gateway.call(CheckBotChannel, { body })).toEqual({ account: { id: '7' }, findings: [] });
      expect(services.asked.at(-1)).toEqual({
        service: 'bot-adapter',
        path: '/channels/check',
        body: { botId: id, channel: { kind: 'telegram' }, secrets: { token } },
      });
    });
  });

  describe('that are changed', () => {
    it('by a merge patch or by whole sections keep the rest, in its order', async () => {
      const menu = { own: { zeta: { en: 'z' }, alpha: { en: 'a' } } };
      const bot = await create({
        description: described({ menu, assistant: { systemPrompt: 'One', baseUrl: 'https://a.example' } }),
      });
      const patched = await edit(bot, { patch: { assistant: { systemPrompt: 'Two', baseUrl: null } }, why: 'Clearer' });
      expect(patched).toMatchObject({ revision: '2', description: { assistant: { systemPrompt: 'Two' } } });
      const menuNow = (patched.description['menu'] as typeof menu).own;
      expect(Object.keys(menuNow)).toEqual(['zeta', 'alpha']);
      const replaced = await edit(patched, { sections: { assistant: { systemPrompt: 'Three' }, menu: null } });
      expect(replaced.description).toEqual(described({ assistant: { systemPrompt: 'Three' } }));
      // What changes nothing is no change.
      expect((await edit(replaced, { patch: { name: 'Desk' } })).revision).toBe(replaced.revision);
    });

    it('by two at once are changed by the first; the other is shown what has become of it', async () => {
      const bot = await create();
      const names = ['Anna', 'Boris'];
      const done = await Promise.allSettled(names.map((name) => edit(bot, { patch: { name } })));
      const won = done.findIndex((result) => result.status === 'fulfilled');
      const lost = done.find((result) => result.status === 'rejected') as PromiseRejectedResult;
      expect(await problemOf(Promise.reject(lost.reason as Error))).toMatchObject({
        status: 412,
        code: 'gateway.bot_changed',
        params: { bot: { revision: '2', name: names[won], description: { name: names[won] } } },
      });
      expect(await problemOf(edit(bot, { patch: { name: 'Late' } }))).toMatchObject({ code: 'gateway.bot_changed' });
    });

    it('keep what they were, who changed them and why, can be compared and brought back', async () => {
      const bot = await create({ description: described({ assistant: { systemPrompt: 'One' } }) });
      const patched = await edit(bot, { patch: { assistant: { systemPrompt: 'Two' } }, why: 'Clearer' }, EDITOR);
      const params = { botId: bot.id };
      const { data } = await app.gateway.call(ListBotRevisions, { params });
      expect(data).toMatchObject([
        { revision: 2, change: 'edited', why: 'Clearer', by: { kind: 'staff', id: EDITOR.id } },
        { revision: 1, change: 'created', secretsSet: ['channel.token'] },
      ]);
      const { changes } = await app.gateway.call(CompareBotRevisions, { params: { ...params, revision: 2 } });
      expect(changes).toEqual([{ pointer: '/assistant/systemPrompt', before: 'One', after: 'Two' }]);
      const ifMatch = `"${patched.revision}"`;
      const back = await app.gateway.call(RollBackBot, { params, body: { revision: 1 }, ifMatch });
      expect(back).toMatchObject({ revision: '3', description: bot.description });
      const unknown = app.gateway.call(RollBackBot, { params, body: { revision: 9 }, ifMatch: '"3"' });
      expect(await problemOf(unknown)).toMatchObject({ status: 404, code: 'gateway.bot_revision_not_found' });
    });

    it('are told to services that do not know it yet, and to the others with one word', async () => {
      const bot = await create();
      const { revision } = await descriptions('chat-ai');
      expect(await descriptions('chat-ai', revision)).toEqual({ revision });
      await edit(bot, { patch: { name: 'Another' } });
      const now = await descriptions('chat-ai', revision);
      expect(now.bots!.find(({ id }) => id === bot.id)).toMatchObject({ description: { name: 'Another' } });
    });

    it('are paused, archived and brought back as they were, each once however often it is asked', async () => {
      const { id } = await create();
      const params = { botId: id };
      const body = { why: 'A break' };
      const states = [];
      for (const route of [PauseBot, PauseBot, ArchiveBot, ArchiveBot, RestoreBot, ResumeBot, ResumeBot]) {
        const { state, revision } = await app.gateway.call(route, { params, body });
        states.push(`${state} ${revision}`);
      }
      expect(states).toEqual(['paused 2', 'paused 2', 'archived 3', 'archived 3', 'paused 4', 'active 5', 'active 5']);
      const archived = await app.gateway.call(ArchiveBot, { params, body });
      expect(await toldTo('bot-adapter', id)).toMatchObject({ state: 'archived' });
      const tries = [
        () => app.gateway.call(PauseBot, { params, body }),
        () => edit(archived, { patch: { name: 'x' } }),
      ];
      for (const refused of tries) {
        expect(await problemOf(refused())).toMatchObject({ status: 409, code: 'gateway.bot_archived' });
      }
    });
  });

  it('that are made many at once, while services are slow to answer, leave connections to the others', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = services.asked.length;
    services.held = promise;
    const making = Array.from({ length: 12 }, () => create());
    try {
      await until(() => services.asked.length === before + 2 * making.length, { what: 'all to be checked' });
      expect((await app.gateway.call(ListBots, { query: {} })).data.length).toBeGreaterThan(0);
    } finally {
      services.held = undefined;
      resolve();
    }
    expect((await Promise.all(making)).map(({ state }) => state)).toEqual(making.map(() => 'active'));
  });

  describe('that a file describes', () => {
    it('are shown beside the others, without their secrets, and are not changed here', async () => {
      const { data } = await app.gateway.call(ListBots, { query: { limit: 200 } });
      expect(data.find(({ id }) => id === 'of-file')).toMatchObject({
        describedBy: 'file',
        hidesFile: false,
        mistakes: [],
      });
      expect(data.find(({ id }) => id === 'unreadable')!.mistakes).toEqual([expect.stringMatching(/^name: /)]);
      const bot = await read('of-file');
      expect(bot.description['channel']).toEqual({ kind: 'telegram' });
      expect(bot.secrets).toEqual([{ name: 'channel.token', isSet: true }]);
      const tries = [
        () => edit(bot, { patch: { name: 'x' } }),
        () => app.gateway.call(PauseBot, { params: { botId: 'of-file' }, body: {} }),
        () => create({ id: 'of-file' }),
      ];
      for (const refused of tries) {
        expect(await problemOf(refused())).toMatchObject({ status: 409, code: 'gateway.bot_described_by_file' });
      }
    });

    it('can be taken over with their secrets and folders; the file is shown to be passed over', async () => {
      const params = { botId: 'of-file' };
      const taken = await app.gateway.call(TakeOverBot, { params, body: { why: 'To the console' } });
      expect(taken).toMatchObject({ describedBy: 'gateway', hidesFile: true, revision: '1' });
      expect(await toldTo('bot-adapter', 'of-file')).toMatchObject({
        secrets: { 'channel.token': '900:of-the-file' },
        description: { assistant: { knowledge: '../knowledge' } },
        takenFrom: { assistant: { knowledge: '../knowledge' } },
      });
      const edited = await edit(taken, { patch: { assistant: { systemPrompt: 'Changed here.' } } });
      expect(await errorsOf(edit(edited, { patch: { assistant: { knowledge: '../other' } } }))).toEqual([
        '/description/assistant/knowledge unusable',
      ]);
      const again = app.gateway.call(TakeOverBot, { params, body: {} });
      expect(await problemOf(again)).toMatchObject({ status: 409, code: 'gateway.bot_exists' });
    });
  });

  it('are listed in pages, by state', async () => {
    const { id } = await create();
    await app.gateway.call(PauseBot, { params: { botId: id }, body: {} });
    const paused = await app.gateway.call(ListBots, { query: { state: 'paused' } });
    expect(paused.data.map((bot) => bot.id)).toEqual([id]);
    const all: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const { data, page } = await app.gateway.call(ListBots, { query: { limit: 4, ...(after && { after }) } });
      all.push(...data.map((bot) => bot.id));
      after = page.next;
    }
    expect(all).toEqual([...new Set(all)].sort());
    expect(all).toEqual(expect.arrayContaining([id, 'of-file', 'unreadable']));
  });

  it('of others do not exist for staff of one bot', async () => {
    const [mine, other] = [await create(), await create()];
    const actor = staff(['*'], [mine.id]);
    const { data } = await app.gateway.call(ListBots, {}, { actor });
    expect(data.map(({ id }) => id)).toEqual([mine.id]);
    expect((await edit(mine, { patch: { name: 'Mine' } }, actor)).name).toBe('Mine');
    const tries = [
      () => app.gateway.call(ReadBot, { params: { botId: other.id } }, { actor }),
      () => app.gateway.call(PauseBot, { params: { botId: other.id }, body: {} }, { actor }),
      () => app.gateway.call(ListBotRevisions, { params: { botId: other.id } }, { actor }),
    ];
    for (const refused of tries) expect((await problemOf(refused())).status).toBe(404);
    const body = { id: 'new', description: described() };
    const made = app.gateway.call(CreateBot, { body, idempotencyKey: uuidv7() }, { actor });
    expect((await problemOf(made)).status).toBe(403);
  });

  it('keep their secrets when keys are rotated, written with the new key', async () => {
    const { id } = await create({ secrets: { 'channel.token': SECRET } }).catch(() => create());
    const before = (await toldTo('bot-adapter', id))!.secrets;
    const rotating = await startApp(gatewayApp, {
      database: app.database,
      env: {
        BOTS_FOLDER: folder,
        TOKEN_OF_FILE: '900:of-the-file',
        ENCRYPTION_KEYS: `${key('k2', 2)},${key('k1', 1)}`,
      },
    });
    const values = () => rotating.service.db.query<{ value: string }[]>('SELECT value FROM bot_secrets');
    await until(async () => (await values()).every(({ value }) => value.startsWith('r1.k2.')), { what: 'the new key' });
    const answer = await fetch(`${rotating.url}/bot-descriptions`, { headers: await rotating.as('bot-adapter') });
    const { bots } = (await answer.json()) as { bots: { id: string; secrets: object }[] };
    expect(bots.find((bot) => bot.id === id)!.secrets).toEqual(before);
    await rotating.stop({ keepDatabase: true });
  });
});
