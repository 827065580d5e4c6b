import { CheckBot } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatAiApp } from '../src/chat-ai.app';
import { ModelFailure } from '../src/models/chat-model';
import { ModelsService } from '../src/models/models.service';
import { botsFolder } from './build';

/** None in which anything of this machine is. */
const ELSEWHERE = '198.18.0.0/15';

describe('the servers of models that bots name', () => {
  let server: Server;
  let asked: string[];
  let port: number;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;

  beforeAll(async () => {
    asked = [];
    server = createServer((request, response) => {
      // The list of models is asked for at each start.
      if (request.url!.endsWith('/chat/completions')) asked.push(request.headers.host!);
      const chunk = { choices: [{ index: 0, delta: { content: 'Hello.' }, finish_reason: 'stop' }] };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    folder = await botsFolder({ desk: { assistant: { systemPrompt: 'You are the desk.' } } });
    const env = { CHAT_AI_BASE_URL: `http://127.0.0.1:${port}/v1`, OUTBOUND_ALLOWED_NETWORKS: ELSEWHERE };
    app = await startApp(chatAiApp, { env: { BOTS_FOLDER: folder.path, CHAT_AI_MODEL: 'm', ...env } });
  });
  afterAll(async () => {
    await app.stop();
    await folder.remove();
    server.close();
  });
  afterEach(() => asked.splice(0));

  const call = async (baseUrl: string) => {
    const models = app.service.nest.get(ModelsService, { strict: false });
    const model = { model: 'm', connection: { baseUrl, apiKey: 'k' }, parameters: {}, vision: undefined };
    const prompt = { messages: [{ role: 'user' as const, content: 'Hi' }], tokens: 1, maxOutputTokens: 9 };
    const { result } = await models.call(model, prompt, { signal: new AbortController().signal });
    return result instanceof ModelFailure ? result.kind : result.text;
  };
  const mistakes = async (assistant: object): Promise<string[]> => {
    const response = await fetch(`${app.url}/bots/check`, {
      method: 'POST',
      headers: { ...(await app.as('gateway')), 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'new', description: { name: 'New', channel: { kind: 'telegram' }, assistant } }),
    });
    const { errors } = CheckBot.answer.parse(await response.json());
    return errors.map(({ pointer, code }) => `${pointer} ${code}`);
  };

  it('are not asked in networks that only this machine reaches, by whatever name', async () => {
    expect(await call(`http://localhost:${port}/v1`)).toBe('unavailable');
    expect(asked).toEqual([]);
  });

  it('are asked wherever they are when a variable of the service names them', async () => {
    expect(await call(`http://127.0.0.1:${port}/other/path`)).toBe('Hello.');
    expect(asked).toEqual([`127.0.0.1:${port}`]);
  });

  it.each(['http://169.254.169.254/v1', 'http://localhost:11434/v1', 'http://93.184.215.14/v1', 'https://10.0.0.1/v1'])(
    'are said to be out of reach before a bot is saved: %s',
    async (baseUrl) => {
      expect(await mistakes({ baseUrl })).toEqual(['/assistant/baseUrl address_refused']);
      expect(await mistakes({ fallback: { model: 'm', baseUrl } })).toEqual([
        '/assistant/fallback/baseUrl address_refused',
      ]);
    },
  );

  it('may be public, or those of the installation', async () => {
    expect(await mistakes({ baseUrl: 'https://93.184.215.14/v1' })).toEqual([]);
    expect(await mistakes({ baseUrl: `http://127.0.0.1:${port}/v1` })).toEqual([]);
  });
});
