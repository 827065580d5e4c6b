import OpenAI from 'openai';
import { AT_ONCE, type RunningOpenAi, startOpenAi } from './start-for-spec';

describe('the OpenAI-compatible server', () => {
  let openai: RunningOpenAi;
  beforeAll(async () => {
    openai = await startOpenAi();
  });
  afterAll(() => openai.stop());

  const user = (content: string) => ({ role: 'user' as const, content });
  const assistantCalls = (...ids: string[]) => ({
    role: 'assistant',
    content: null,
    tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
  });
  const answerTo = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' });
  const chat = (more: object) =>
    openai.post('/chat/completions', { model: 'gpt-4o-mini', messages: [user('Hi')], ...more });

  it('without a key, or with an invalid one, nothing is answered', async () => {
    const list = (apiKey: string) => new OpenAI({ apiKey, baseURL: openai.baseURL, maxRetries: 0 }).models.list();
    await expect(list('sk-invalid-1234')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    const bare = await fetch(`${openai.baseURL}/models`);
    expect(bare.status).toBe(401);
    expect(await bare.json()).toMatchObject({ error: { type: 'invalid_request_error', code: null } });
  });

  it('models are listed, and those called no-such are missing', async () => {
    const ids = (await openai.client.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['gpt-4o-mini', 'text-embedding-3-small', 'tts-1', 'whisper-1']));
    expect(await openai.client.models.retrieve('our-own-model')).toMatchObject({
      id: 'our-own-model',
      object: 'model',
    });
    await expect(openai.client.models.retrieve('no-such-model')).rejects.toMatchObject({ status: 404 });
    await expect(
      openai.client.chat.completions.create({ model: 'no-such-model', messages: [user('Hi')] }),
    ).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it.each([
    ['no messages', { messages: undefined }, 'messages', 'missing_required_parameter'],
    ['an empty list of messages', { messages: [] }, 'messages', 'empty_array'],
    ['an unknown role', { messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role', 'invalid_value'],
    [
      'a message without content',
      { messages: [{ role: 'user' }] },
      'messages[0].content',
      'missing_required_parameter',
    ],
    ['a temperature in words', { temperature: 'warm' }, 'temperature', 'invalid_type'],
    ['a temperature above 2', { temperature: 2.5 }, 'temperature', 'decimal_above_max_value'],
    ['no tokens at all', { max_tokens: 0 }, 'max_tokens', 'integer_below_min_value'],
    ['a typo', { temprature: 1 }, null, null],
    ['two choices', { n: 2 }, 'n', null],
    ['stream options without a stream', { stream_options: { include_usage: true } }, 'stream_options', null],
    ['a tool choice without tools', { tool_choice: 'auto' }, 'tool_choice', null],
    [
      'a tool with a space in its name',
      { tools: [{ type: 'function', function: { name: 'a b' } }] },
      'tools[0].function.name',
      'invalid_value',
    ],
    ['JSON asked for without the word', { response_format: { type: 'json_object' } }, 'messages', null],
    [
      'a tool call left unanswered',
      { messages: [user('Hi'), assistantCalls('a', 'b'), answerTo('a'), user('?')] },
      'messages.[3].role',
      null,
    ],
    ['a tool call at the end', { messages: [user('Hi'), assistantCalls('a')] }, 'messages.[2].role', null],
    ['a tool result out of nowhere', { messages: [user('Hi'), answerTo('a')] }, 'messages.[1].role', null],
    ['max_tokens to a reasoning model', { model: 'gpt-5-mini', max_tokens: 5 }, 'max_tokens', 'unsupported_parameter'],
    ['a temperature to a reasoning model', { model: 'o3', temperature: 0 }, 'temperature', 'unsupported_value'],
  ])('%s is refused in the shape of OpenAI', async (_what, more, param, code) => {
    const response = await chat(more);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: 'invalid_request_error', param, code },
    });
  });

  it('several tool calls answered one by one are fine', async () => {
    const messages = [user('Hi'), assistantCalls('a', 'b'), answerTo('b'), answerTo('a'), user('Thanks')];
    expect((await chat({ messages })).status).toBe(200);
  });

  it('a body that is no JSON and an address that is none are refused in the same shape', async () => {
    const broken = await openai.post('/chat/completions', '{"model":');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const nowhere = await openai.post('/completions', {});
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toMatchObject({ error: { code: 'unknown_url' } });
  });

  it('every answer carries its id, its time and what is left of the limits', async () => {
    const first = (await chat({})).headers;
    expect(first.get('x-request-id')).toMatch(/^req_/);
    expect(Number(first.get('openai-processing-ms'))).toBeGreaterThan(0);
    expect(first.get('x-ratelimit-limit-requests')).toBe('30000');
    expect(first.get('x-ratelimit-reset-tokens')).toMatch(/^\d+ms$/);
    expect((await openai.post('/completions', {})).headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('a key that has used up its minute is told when to come back; another key is not', async () => {
    const narrow = await startOpenAi({ pace: AT_ONCE, limits: { requestsPerMinute: 2 } });
    const body = { model: 'gpt-4o-mini', messages: [user('Hi')] };
    expect((await narrow.post('/chat/completions', body)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
    await narrow.post('/chat/completions', body);
    const refused = await narrow.post('/chat/completions', body);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m)?[\d.]+s$/);
    expect(await refused.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    expect((await narrow.post('/chat/completions', body, { authorization: 'Bearer sk-other' })).status).toBe(200);
    await narrow.stop();
  });

  it('harmful words are flagged and others are not', async () => {
    const { results } = await openai.client.moderations.create({ input: ['Хочу умереть', 'Хочу спать'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
    expect(results[0]!.categories['self-harm/intent']).toBe(true);
    expect(results[0]!.category_scores['self-harm/intent']).toBeGreaterThan(0.5);
    expect(results[1]!.category_scores['self-harm/intent']).toBeLessThan(0.5);
  });

  it('pictures are refused politely', async () => {
    await expect(openai.client.images.generate({ prompt: 'a cat' })).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_operation',
    });
  });
});

describe('the control of the OpenAI-compatible server', () => {
  let openai: RunningOpenAi;
  beforeAll(async () => {
    openai = await startOpenAi();
  });
  afterAll(() => openai.stop());

  const ask = async (...contents: [system: string, user: string]) => {
    const [system, content] = contents;
    const completion = await openai.client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content },
      ],
    });
    return { text: completion.choices[0]!.message.content!, completion };
  };

  it('a scripted answer waits for its match in the last message or the system prompt', async () => {
    await openai.script({ match: 'refund', reply: { text: 'to the message' } });
    await openai.script({ match: 'You are Ada', reply: { text: 'to the prompt' }, times: 2 });
    expect((await ask('', 'hello')).text).toMatch(/^\*Sandbox model/);
    expect((await ask('', 'a refund, please')).text).toBe('to the message');
    expect((await ask('You are Ada.', 'a refund, please')).text).toBe('to the prompt');
    expect((await ask('You are Ada.', 'hello')).text).toBe('to the prompt');
    expect((await ask('You are Ada.', 'hello')).text).toMatch(/^\*Sandbox model/);
  });

  it('a script may set the finish, the cost and the refusal', async () => {
    await openai.script({
      reply: {
        refusal: 'No.',
        finishReason: 'content_filter',
        usage: { promptTokens: 1000, completionTokens: 20, cachedTokens: 900, reasoningTokens: 15 },
      },
    });
    const { completion } = await ask('', 'hello');
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { refusal: 'No.' } });
    expect(completion.usage).toMatchObject({
      prompt_tokens: 1000,
      total_tokens: 1020,
      prompt_tokens_details: { cached_tokens: 900 },
      completion_tokens_details: { reasoning_tokens: 15 },
    });
  });

  it('what is scripted can be looked at and forgotten', async () => {
    await openai.script({ reply: { text: 'never said' } });
    expect(await (await openai.control('GET', '/script')).json()).toHaveLength(1);
    await openai.control('DELETE', '/script');
    expect((await ask('', 'hello')).text).not.toBe('never said');
  });

  it('a mistake in the script is explained', async () => {
    const response = await openai.control('POST', '/script', { reply: { txt: 'oops' } });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain('txt');
  });

  it('the log tells what was asked and when, without the key', async () => {
    const seen = (await openai.requests()).at(-1)!.id;
    const before = Date.now();
    await ask('Be kind.', 'hello');
    const requests = await openai.requests(seen);
    expect(requests).toHaveLength(1);
    const request = requests[0]!;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/chat/completions',
      status: 200,
      aborted: false,
      keyEnding: 'dbox',
      body: { model: 'gpt-4o-mini', messages: [{ content: 'Be kind.' }, { content: 'hello' }] },
    });
    expect(JSON.stringify(request)).not.toContain('sk-sandbox');
    expect(Math.abs(request.receivedAt - before)).toBeLessThan(1000);
    expect(request.firstByteAt!).toBeGreaterThan(request.receivedAt);
    expect(request.finishedAt!).toBeGreaterThanOrEqual(request.firstByteAt!);
  });

  it('pace and limits can be changed while it runs', async () => {
    const pace = await openai.control('PUT', '/pace', { betweenTokensMs: 5 });
    expect(await pace.json()).toEqual({ firstTokenMs: 0, betweenTokensMs: 5 });
    await openai.control('PUT', '/pace', AT_ONCE);
    await openai.control('PUT', '/limits', { tokensPerMinute: 1 });
    await ask('', 'hello');
    await expect(ask('', 'hello')).rejects.toMatchObject({ status: 429, type: 'tokens' });
  });
});
