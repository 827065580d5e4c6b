import { BotServers } from '@switchboard/service-kit';
import { FakeClock } from '@switchboard/testing';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import type { ChatAiConfig } from '../chat-ai.config';
import type { ConfiguredModel } from './chat-model';
import { ModelsService } from './models.service';

const limits = {
  CHAT_AI_FIRST_TOKEN_TIMEOUT_MS: 5000,
  CHAT_AI_IDLE_TIMEOUT_MS: 5000,
  CHAT_AI_TURN_TIMEOUT_MS: 5000,
} as ChatAiConfig;
const SERVERS = new BotServers({ NODE_ENV: 'test' });

describe('what a call may write in all', () => {
  const settings = { ...limits, CHAT_AI_REASONING_TOKENS: 4000 } as ChatAiConfig;
  const limitOf = (model: string, parameters: ConfiguredModel['parameters'] = {}) =>
    new ModelsService(new FakeClock(), SERVERS, settings, new Registry()).outputLimit(
      { model, parameters, connection: { baseUrl: 'http://127.0.0.1/v1', apiKey: undefined }, vision: undefined },
      1500,
    );

  it.each(['gpt-6-luna', 'gpt-5', 'gpt-5.6-sol', 'openai/gpt-5-mini', 'o3', 'o4-mini', 'deepseek-reasoner', 'gpt-10'])(
    '%s is known to reason, and has room for it from the first call on',
    (model) => expect(limitOf(model)).toBe(5500),
  );

  it.each(['gpt-4o', 'gpt-4.1-mini', 'gpt-5-chat-latest', 'sandbox-model', 'llama-3.3-70b', 'qwen-o1x'])(
    '%s is not',
    (model) => expect(limitOf(model)).toBe(1500),
  );

  it('a model that is told not to reason has the answer alone', () => {
    expect(limitOf('gpt-6-luna', { reasoningEffort: 'none' })).toBe(1500);
  });
});

const CANNOT_SEE = 'this model does not support image input';

describe('whether a model can see', () => {
  let refusal: string | undefined;
  const server = createServer((request, response) => {
    request.resume();
    if (refusal !== undefined) {
      response.writeHead(400, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ error: { message: refusal, code: null } }));
    }
    const chunk = { choices: [{ index: 0, delta: { content: 'A cat.' }, finish_reason: 'stop' }] };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
  beforeAll(async () => once(server.listen(0, '127.0.0.1'), 'listening'));
  afterAll(() => new Promise((closed) => server.close(closed)));

  function aModel() {
    const clock = new FakeClock();
    const models = new ModelsService(clock, SERVERS, limits, new Registry());
    const { port } = server.address() as AddressInfo;
    const configured: ConfiguredModel = {
      model: 'm',
      connection: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'k' },
      parameters: {},
      vision: undefined,
    };
    const pictures = [{ mimeType: 'image/jpeg', bytes: Buffer.from('jpeg') }];
    const prompt = { messages: [{ role: 'user' as const, content: '', pictures }], tokens: 1, maxOutputTokens: 9 };
    return {
      clock,
      canSee: () => models.canSee(configured),
      look: async (answer?: string) => {
        refusal = answer;
        return models.call(configured, prompt, { signal: new AbortController().signal });
      },
    };
  }

  it.each([
    CANNOT_SEE,
    'Invalid content type. image_url is only supported by certain models.',
    'No endpoints found that support image input',
    'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
    'llava-less is not a multimodal model',
    'unknown variant `image_url`, expected `text`',
    'messages[1].content must be a string',
  ])('“%s” means that it cannot, for some minutes', async (words) => {
    const model = aModel();
    expect((await model.look(words)).result).toMatchObject({ kind: 'no_vision' });
    expect(model.canSee()).toBe(false);
    model.clock.advance(11 * 60_000);
    expect(model.canSee()).toBe(true);
  });

  it.each([
    'You have too many images in this request, at most 5 are allowed',
    'At most 4 image(s) may be provided in one request',
    'The image violates the content policy',
    'Image format image/bmp is not supported',
    'Unsupported image format',
  ])('“%s” says nothing of that', async (words) => {
    const model = aModel();
    await model.look(words);
    expect(model.canSee()).toBe(true);
  });

  it('a model that has once seen is not taken for one that cannot', async () => {
    const model = aModel();
    await model.look();
    await model.look(CANNOT_SEE);
    expect(model.canSee()).toBe(true);
  });
});
