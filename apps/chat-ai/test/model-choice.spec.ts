import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatAiApp } from '../src/chat-ai.app';
import { EmbeddingsService } from '../src/models/embeddings.service';
import { aPerson, botsFolder, rereadBots, rowsOf, untilTrue } from './build';

interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A server of models that notes what it is asked, and answers as it is told. */
async function aServer(answerTo: (asked: Asked) => { status?: number; json: unknown }) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const one = {
        path: request.url!,
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      asked.push(one);
      const { status = 200, json } = answerTo(one);
      if (status !== 200 || one.body['stream'] !== true) {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(json)}\n\ndata: [DONE]\n\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    chats: () => asked.filter(({ path }) => path.endsWith('/chat/completions')),
    host: `127.0.0.1:${port}`,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

const says = (content: string) => ({ json: { choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }] } });
const refuses = (param: string) => ({
  status: 400,
  json: {
    error: {
      message: `Unsupported parameter: '${param}'`,
      type: 'invalid_request_error',
      param,
      code: 'unsupported_parameter',
    },
  },
});

describe('the model that is asked', () => {
  let app: TestApp | undefined;
  const closing: (() => Promise<unknown>)[] = [];
  const server = async (answer: Parameters<typeof aServer>[0]) => {
    const started = await aServer(answer);
    closing.push(started.close);
    return started;
  };
  const start = async (env: Record<string, string>, clock = new FakeClock()) =>
    (app = await startApp(chatAiApp, { env, clock }));
  const ask = async (botId = 'lumen') => {
    const person = aPerson(() => app!, { botId });
    return person.replyTo(await person.writes('Hello'));
  };

  afterEach(async () => {
    await app?.stop();
    app = undefined;
    for (const close of closing.splice(0)) await close();
  });

  it('is never sent OPENAI_API_KEY when it is not OpenAI', async () => {
    const own = await server(() => says('Hi.'));
    await start({ OPENAI_API_KEY: 'sk-of-openai', CHAT_AI_BASE_URL: own.baseUrl });
    expect((await ask()).text).toBe('Hi.');
    expect(JSON.stringify(own.asked.map(({ headers }) => headers))).not.toContain('sk-of-openai');
  });

  it('is sent nothing of what the environment holds for OpenAI when it is another one', async () => {
    const own = await server(() => says('Hi.'));
    const foreign = {
      OPENAI_ORG_ID: 'org-of-openai',
      OPENAI_PROJECT_ID: 'project-of-openai',
      OPENAI_ADMIN_KEY: 'admin-of-openai',
      OPENAI_CUSTOM_HEADERS: 'x-gateway: gateway-of-openai',
    };
    Object.assign(process.env, foreign);
    closing.push(() => Promise.resolve(Object.keys(foreign).forEach((name) => delete process.env[name])));
    const folder = await botsFolder({ lumen: { assistant: { baseUrl: own.baseUrl } } });
    closing.push(folder.remove);
    await start({ BOTS_FOLDER: folder.path, CHAT_AI_EMBEDDINGS_BASE_URL: own.baseUrl, CHAT_AI_EMBEDDINGS_MODEL: 'e' });
    expect((await ask()).text).toBe('Hi.');
    await app!.service.nest
      .get(EmbeddingsService, { strict: false })
      .embed(['Hi'])
      .catch(() => undefined);
    expect(new Set(own.asked.map(({ path }) => path))).toEqual(
      new Set(['/v1/models', '/v1/chat/completions', '/v1/embeddings']),
    );
    expect(JSON.stringify(own.asked.map(({ headers }) => headers))).not.toContain('of-openai');
  });

  it('is asked in the name of no bot before its description is here', async () => {
    const own = await server(() => says('I am new here.'));
    const folder = await botsFolder({ desk: {} });
    closing.push(folder.remove);
    await start({ BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: own.baseUrl });
    const person = aPerson(() => app!, { botId: 'late' });
    const messageId = await person.writes('Hello');
    const tries = () =>
      rowsOf(app!, `SELECT id FROM chat_ai_jobs._private_jobs WHERE last_error LIKE '%not described yet%'`);
    await untilTrue('a try that waits', async () => (await tries()).length > 0);
    expect(own.asked.filter(({ path }) => path.endsWith('/chat/completions'))).toEqual([]);
    await folder.write('late', { assistant: { systemPrompt: 'You came late.' } });
    await rereadBots(app!);
    expect((await person.replyTo(messageId)).text).toBe('I am new here.');
    expect(JSON.stringify(own.asked.at(-1))).toContain('You came late.');
  });

  it('is another one when the first one fails, with its own name, key and parameters', async () => {
    const first = await server(() => ({ status: 503, json: { error: { message: 'overloaded' } } }));
    const second = await server(() => says('I am the second.'));
    const folder = await botsFolder({
      desk: {
        assistant: {
          model: 'one',
          parameters: { temperature: 0.1 },
          fallback: { model: 'two', baseUrl: second.baseUrl, apiKeyEnv: 'SECOND_KEY', parameters: { topP: 0.5 } },
        },
      },
    });
    closing.push(folder.remove);
    await start({
      BOTS_FOLDER: folder.path,
      CHAT_AI_BASE_URL: first.baseUrl,
      CHAT_AI_API_KEY: 'sk-first',
      SECOND_KEY: 'sk-second',
    });
    const reply = await ask('desk');
    expect(reply).toMatchObject({ outcome: 'answered', text: 'I am the second.' });
    expect(first.chats()).toHaveLength(1);
    expect(second.chats()).toMatchObject([
      { headers: { authorization: 'Bearer sk-second' }, body: { model: 'two', top_p: 0.5 } },
    ]);
    expect(second.chats()[0]!.body).not.toHaveProperty('temperature');
    // A server that is overloaded has not begun.
    expect(await rowsOf(app!, 'SELECT model, outcome, input_tokens > 0 AS paid FROM usages ORDER BY id')).toEqual([
      { model: 'one', outcome: 'model_unavailable', paid: false },
      { model: 'two', outcome: 'answered', paid: true },
    ]);
    expect(await rowsOf(app!, 'SELECT model FROM turns')).toEqual([{ model: 'two' }]);
  });

  it('is told what is configured for the bot, and not again what it has refused', async () => {
    const own = await server(({ body }) => ('temperature' in body ? refuses('temperature') : says('Hi.')));
    const folder = await botsFolder({
      desk: {
        assistant: {
          baseUrl: own.baseUrl,
          parameters: { temperature: 0.7, reasoningEffort: 'low', verbosity: 'low', extra: { min_p: 0.1 } },
        },
      },
    });
    closing.push(folder.remove);
    await start({ BOTS_FOLDER: folder.path });
    await ask('desk');
    await ask('desk');
    const told = own.chats().map(({ body }) => body);
    expect(told).toMatchObject([
      { temperature: 0.7, reasoning_effort: 'low', verbosity: 'low', min_p: 0.1 },
      { reasoning_effort: 'low', verbosity: 'low', min_p: 0.1 },
      { reasoning_effort: 'low' },
    ]);
    expect(told.slice(1).some((body) => 'temperature' in body)).toBe(false);
  });

  it('is told the time of the bot and whether somebody is there', async () => {
    const own = await server(() => says('Until four.'));
    const folder = await botsFolder({
      desk: {
        timeZone: 'Europe/Berlin',
        hours: { sat: ['10:00-16:00'] },
        assistant: { systemPrompt: 'You are the desk.', baseUrl: own.baseUrl },
      },
    });
    closing.push(folder.remove);
    await start({ BOTS_FOLDER: folder.path }, new FakeClock(new Date('2026-11-28T11:50:00Z')));
    await ask('desk');
    const [{ content }] = own.chats()[0]!.body['messages'] as [{ content: string }];
    expect(content).toMatch(/^You are the desk\./);
    expect(content).toMatch(/It is Saturday, 2026-11-28, about 12:45 \(Europe\/Berlin\)\.[\s\S]*open until 16:00\.$/);
  });
});

describe('a model that will be switched off', () => {
  const listing = [
    { id: 'soon-gone', object: 'model', created: 1, owned_by: 'o', shutdown_date: '2026-12-20' },
    { id: 'old-embeddings', object: 'model', created: 1, owned_by: 'o', shutdown_date: '2027-01-05' },
    { id: 'stays', object: 'model', created: 1, owned_by: 'o', shutdown_date: null },
  ];

  it('is told by metrics from the start on, until no bot uses it any more, and so is one that is gone', async () => {
    const server = await aServer(() => ({ json: { object: 'list', data: listing } }));
    const assistant = (name: string) => ({ assistant: { baseUrl: server.baseUrl, model: name } });
    const folder = await botsFolder({ first: assistant('soon-gone'), second: assistant('gone') });
    const app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-26T12:00:00Z')),
      env: {
        BOTS_FOLDER: folder.path,
        CHAT_AI_EMBEDDINGS_MODEL: 'old-embeddings',
        CHAT_AI_EMBEDDINGS_BASE_URL: server.baseUrl,
      },
    });
    const metrics = async () => (await fetch(`${app.url}/metrics`)).text();
    const has = (line: RegExp) => async () => line.test(await metrics());
    await untilTrue('the first look', has(/^model_status\{.*model="gone",status="missing".*\} 1$/m));
    expect(await metrics()).toMatch(/^model_status\{.*model="soon-gone",status="ending".*\} 1$/m);
    expect(await metrics()).toMatch(/^model_shutdown_timestamp_seconds\{.*model="soon-gone".*\} 1797724800$/m);
    expect(await metrics()).toMatch(/^model_status\{.*model="old-embeddings",status="ending".*\} 1$/m);

    await folder.write('first', assistant('stays'));
    await rereadBots(app);
    await untilTrue('a look at the new model', has(/^model_status\{.*model="stays",status="listed".*\} 1$/m));
    expect(await metrics()).not.toContain('soon-gone');
    await app.stop();
    await folder.remove();
    await server.close();
  });
});
