import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatAiConfig } from '../chat-ai.config';
import { AssistantsService } from './assistants.service';

describe('assistants', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assistants-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const withEnv = (env: Record<string, string>) => new AssistantsService(chatAiConfig.parse(env));
  async function configured(assistants: object, env: Record<string, string> = {}) {
    const file = join(folder, 'assistants.json');
    await writeFile(file, JSON.stringify(assistants));
    return withEnv({ CHAT_AI_ASSISTANTS_FILE: file, ...env });
  }
  const desk = { name: 'Desk', systemPrompt: 'You are the desk.' };

  it('a mistake in the file stops the start and says where it is', async () => {
    await expect(configured({ desk: { name: 'Desk', sytemPrompt: 'typo' } })).rejects.toThrow(
      /assistants\.json[\s\S]*systemPrompt/,
    );
    await expect(configured({ 'Not A Bot': desk })).rejects.toThrow(/Not A Bot/);
    expect(() => withEnv({ CHAT_AI_ASSISTANTS_FILE: join(folder, 'nowhere.json') })).toThrow(/nowhere\.json/);
  });

  it('a bot nobody configured answers with what is set for all', () => {
    const assistant = withEnv({ CHAT_AI_API_KEY: 'sk-1', CHAT_AI_MODEL: 'm' }).of('unknown');
    expect(assistant).toMatchObject({
      model: 'm',
      connection: { baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-1' },
    });
  });

  it('is connected by a key, or by the address of a server that may need none; else it is not', () => {
    expect(withEnv({}).of('a').connection).toBeUndefined();
    expect(withEnv({ CHAT_AI_BASE_URL: 'http://localhost:11434/v1' }).of('a').connection).toEqual({
      baseUrl: 'http://localhost:11434/v1',
      apiKey: undefined,
    });
  });

  it('what a bot says of itself goes before what is set for all, and its key comes from a file', async () => {
    await writeFile(join(folder, 'desk.key'), 'sk-desk\n');
    const own = {
      ...desk,
      model: 'own',
      baseUrl: 'https://models.example/v1',
      apiKeyFile: 'desk.key',
      knowledge: 'kb',
      budgets: { personPerDayUsd: 0.5 },
    };
    const assistants = await configured({ desk: own }, { CHAT_AI_API_KEY: 'sk-all' });
    expect(assistants.of('desk')).toMatchObject({
      model: 'own',
      connection: { baseUrl: 'https://models.example/v1', apiKey: 'sk-desk' },
      knowledgeFolder: join(folder, 'kb'),
      budgets: { personPerDay: 500_000, botPerMonth: 0 },
    });
  });
});
