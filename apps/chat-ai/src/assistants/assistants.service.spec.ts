import { BotsRegistry } from '@switchboard/service-kit';
import { startApp, type TestApp } from '@switchboard/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { botsFolder, rereadBots } from '../../test/build';
import { chatAiApp } from '../chat-ai.app';
import { chatAiConfig } from '../chat-ai.config';
import { ModelKeys } from '../models/model-keys';
import { AssistantsService } from './assistants.service';

const PUBLIC = 'https://api.openai.com/v1';

describe('keys of models', () => {
  const connection = (env: Record<string, string>, named = env['CHAT_AI_BASE_URL'], own?: string) =>
    new ModelKeys(chatAiConfig.parse(env)).connectionTo(named, own);

  it('connect a model, or the address of a server that may need none does; else there is none', () => {
    expect(connection({})).toBeUndefined();
    expect(connection({ CHAT_AI_API_KEY: 'sk-1' })).toEqual({ baseUrl: PUBLIC, apiKey: 'sk-1' });
    expect(connection({ CHAT_AI_BASE_URL: 'http://localhost:11434/v1' })).toEqual({
      baseUrl: 'http://localhost:11434/v1',
      apiKey: undefined,
    });
  });

  it('are sent to the server they belong to and to no other', () => {
    const env = {
      OPENAI_API_KEY: 'sk-openai',
      CHAT_AI_API_KEY: 'sk-own',
      CHAT_AI_BASE_URL: 'https://models.example/v1',
      CHAT_AI_FALLBACK_API_KEY: 'sk-second',
      CHAT_AI_FALLBACK_BASE_URL: 'https://second.example/v1',
    };
    const keyFor = (url: string, own?: string) => connection(env, url, own)!.apiKey;
    expect(keyFor(PUBLIC)).toBe('sk-openai');
    expect(keyFor('https://models.example/other/path')).toBe('sk-own');
    expect(keyFor('https://second.example/v1')).toBe('sk-second');
    expect(keyFor('https://elsewhere.example/v1')).toBeUndefined();
    expect(keyFor('http://models.example/v1')).toBeUndefined();
    expect(keyFor('https://api.openai.com.example/v1')).toBeUndefined();
    expect(keyFor('https://elsewhere.example/v1', 'sk-bot')).toBe('sk-bot');
  });
});

describe('assistants', () => {
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const get = (botId: string) => app.service.nest.get(AssistantsService, { strict: false }).get(botId);
  const start = (env: Record<string, string> = {}) =>
    startApp(chatAiApp, { env: { BOTS_FOLDER: folder.path, CHAT_AI_MODEL: 'm', ...env } });
  const desk = { assistant: { systemPrompt: 'You are the desk.' } };

  beforeEach(async () => {
    folder = await botsFolder({ desk });
  });
  afterEach(() => folder.remove());

  it('a mistake in the only description stops the start and says where it is', async () => {
    await folder.write('desk', { assistant: { sytemPrompt: 'typo' } });
    await expect(start()).rejects.toThrow(/desk\.json[\s\S]*sytemPrompt/);
  });

  it('a bot with a mistake, or whose key is missing, asks no model and keeps no other from its work', async () => {
    await folder.write('typing', { assistant: { sytemPrompt: 'typo' } });
    await folder.write('keyless', { assistant: { apiKeyEnv: 'NO_SUCH_KEY', systemPrompt: 'You are keyless.' } });
    app = await start({ CHAT_AI_API_KEY: 'sk-all' });
    expect(get('desk').models).toHaveLength(1);
    expect(get('typing').models).toEqual([]);
    expect(get('keyless')).toMatchObject({ systemPrompt: 'You are keyless.', models: [] });
    await folder.write('typing', { assistant: { systemPrompt: 'You type.' } });
    await rereadBots(app);
    expect(get('typing')).toMatchObject({ systemPrompt: 'You type.', models: [{ model: 'm' }] });
    await app.stop();
  });

  it('what a bot says of itself goes before what is set for all, and its keys come from variables and files', async () => {
    await writeFile(join(folder.path, 'desk.key'), 'sk-desk\n');
    await folder.write('desk', {
      timeZone: 'Asia/Tokyo',
      budgets: { personPerDayUsd: 0.25, botPerMonthUsd: 'unlimited' },
      assistant: {
        ...desk.assistant,
        model: 'own',
        baseUrl: 'https://models.example/v1',
        apiKeyFile: 'desk.key',
        parameters: { temperature: 0.2, reasoningEffort: 'low' },
        fallback: { model: 'second', apiKeyEnv: 'SECOND_KEY' },
        knowledge: 'kb',
      },
    });
    app = await start({ CHAT_AI_API_KEY: 'sk-all', SECOND_KEY: 'sk-second' });
    expect(get('desk')).toMatchObject({
      name: 'desk',
      models: [
        {
          model: 'own',
          connection: { baseUrl: 'https://models.example/v1', apiKey: 'sk-desk' },
          parameters: { temperature: 0.2, reasoningEffort: 'low' },
        },
        { model: 'second', connection: { baseUrl: PUBLIC, apiKey: 'sk-second' } },
      ],
      knowledgeFolder: join(folder.path, 'kb'),
      budgets: { personPerDay: 250_000, botPerMonth: null },
      timeZone: 'Asia/Tokyo',
    });
    expect(get('nobody')).toMatchObject({
      models: [{ model: 'm', connection: { baseUrl: PUBLIC, apiKey: 'sk-all' } }],
      budgets: { personPerDay: 500_000, botPerMonth: 50_000_000 },
    });
    await app.stop();
  });

  it('pretended models answer bots of the sandbox where no other model is connected, and never a bot of the real Telegram', async () => {
    await folder.write('lumen', {});
    const [sandbox, env] = ['http://sandbox.example/v1', { CHAT_AI_SANDBOX_BASE_URL: 'http://sandbox.example/v1' }];
    const serversOf = (botId: string) => get(botId).models.map(({ connection }) => connection.baseUrl);
    app = await start(env);
    expect([serversOf('desk'), serversOf('lumen'), serversOf('nobody')]).toEqual([[sandbox], [sandbox], []]);
    await app.stop();
    app = await start({ ...env, TELEGRAM_BOT_TOKEN: '9:real' });
    expect([serversOf('desk'), serversOf('lumen')]).toEqual([[], [sandbox]]);
    await app.stop();
    app = await start({ ...env, OPENAI_API_KEY: 'sk-openai' });
    expect([serversOf('desk'), serversOf('lumen')]).toEqual([[PUBLIC], [PUBLIC]]);
    await app.stop();
  });

  it('those of the demo can be asked all day long: the pretended model has a price of its own', async () => {
    const [longTurn, turnsADay] = [10_000, 400];
    const bots = join(__dirname, '../../../../deploy/demo/bots');
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots, CHAT_AI_SANDBOX_BASE_URL: 'http://sandbox.example/v1' },
    });
    for (const botId of ['lumen', 'northwind']) {
      const { models, budgets } = get(botId);
      const turn = (models[0]!.ownPrice!.output * longTurn) / 1_000_000;
      expect(turn).toBeGreaterThan(0);
      expect(budgets.personPerDay! / turn).toBeGreaterThanOrEqual(turnsADay);
      expect(budgets.botPerMonth! / turn).toBeGreaterThanOrEqual(turnsADay * 30);
    }
    await app.stop();
  });

  it('follow their descriptions; one with a mistake leaves its assistant as it was', async () => {
    app = await start();
    const changes: [string, string | undefined][] = [];
    app.service.nest
      .get(AssistantsService, { strict: false })
      .onChange(({ botId, after }) => void changes.push([botId, after?.systemPrompt]));
    await folder.write('desk', { assistant: { systemPrompt: 'You are another desk.' } });
    await folder.write('shop', desk);
    await rereadBots(app);
    expect(get('desk').systemPrompt).toBe('You are another desk.');
    expect(get('shop').systemPrompt).toBe('You are the desk.');
    await folder.write('desk', { assistant: { apiKeyEnv: 'NO_SUCH_KEY' } });
    await rereadBots(app);
    expect(get('desk').systemPrompt).toBe('You are another desk.');
    expect(changes).toEqual([
      ['desk', 'You are another desk.'],
      ['shop', 'You are the desk.'],
    ]);
    expect(app.service.nest.get(BotsRegistry).all()).toHaveLength(2);
    await app.stop();
  });
});
