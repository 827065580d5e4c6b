import OpenAI from 'openai';
import { AT_ONCE, type Running, startForSpec } from '../start-for-spec';

describe('the OpenAI-compatible server', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  const user = (content: string) => ({ role: 'user' as const, content });
  const assistantCalls = (...ids: string[]) => ({
    role: 'assistant',
    content: null,
    tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
  });
  const answerTo = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' });
  const picture = (url: string) => ({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] });
  const chat = (more: object) =>
    run.post('/chat/completions', { model: 'gpt-4o-mini', messages: [user('Hi')], ...more });

  it('without a key, or with an invalid one, nothing is answered', async () => {
    const list = (apiKey: string) =>
      new OpenAI({ apiKey, baseURL: run.sandbox.openAiUrl, maxRetries: 0 }).models.list();
    await expect(list('sk-invalid-1234')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    const bare = await fetch(`${run.sandbox.openAiUrl}/models`);
    expect(bare.status).toBe(401);
    expect(await bare.json()).toMatchObject({ error: { type: 'invalid_request_error', code: null } });
  });

  it('models are listed with the days on which they go, and one that is not listed is refused everywhere', async () => {
    const models = (await run.openai.models.list()).data as unknown as { id: string; shutdown_date: string | null }[];
    expect(models.find(({ id }) => id === 'gpt-4o-mini')!.shutdown_date).toBe('2027-01-14');
    expect(models.find(({ id }) => id === 'gpt-6-luna')!.shutdown_date).toBeNull();
    const missing = { status: 404, code: 'model_not_found' };
    const model = 'our-own-model';
    await expect(run.openai.models.retrieve(model)).rejects.toMatchObject(missing);
    for (const ask of [
      () => run.openai.chat.completions.create({ model, messages: [user('Hi')] }),
      () => run.openai.responses.create({ model, input: 'Hi' }),
      () => run.openai.embeddings.create({ model, input: 'Hi' }),
      () => run.openai.audio.speech.create({ model, input: 'Hi', voice: 'nova' }),
      () => run.openai.images.generate({ model, prompt: 'Hi' }),
    ]) {
      await expect(ask()).rejects.toMatchObject(missing);
    }
    await run.client.openai.addModel({ id: model, shutdown_date: '2030-02-03' });
    expect(await run.openai.models.retrieve(model)).toMatchObject({ id: model, shutdown_date: '2030-02-03' });
    expect((await run.openai.chat.completions.create({ model, messages: [user('Hi')] })).model).toBe(model);
  });

  it('unknown models and keys are served on demand only', async () => {
    const stranger = (baseURL: string) => new OpenAI({ apiKey: 'sk-stranger', baseURL, maxRetries: 0 });
    await expect(stranger(run.sandbox.openAiUrl).models.list()).rejects.toMatchObject({ code: 'invalid_api_key' });
    const lax = await startForSpec({ openai: { acceptAnyModel: true, acceptAnyKey: true } });
    const { model } = await stranger(lax.sandbox.openAiUrl).chat.completions.create({
      model: 'm',
      messages: [user('Hi')],
    });
    expect(model).toBe('m');
    await lax.sandbox.close();
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
    ['more choices than there are', { n: 200 }, 'n', 'integer_above_max_value'],
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
    ['a temperature to the newest', { model: 'gpt-6-luna', temperature: 0 }, 'temperature', 'unsupported_value'],
    ['thinking to a model that does not', { model: 'gpt-4o', reasoning_effort: 'low' }, null, null],
    [
      'a picture that is none',
      { messages: [picture('data:image/png;base64,iVBORw0KGgo=')] },
      null,
      'invalid_image_format',
    ],
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
    const broken = await run.post('/chat/completions', '{"model":');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const nowhere = await run.post('/completions', {});
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toMatchObject({ error: { code: 'unknown_url' } });
  });

  it('every answer carries its id, its time and what is left of the limits', async () => {
    const first = (await chat({})).headers;
    expect(first.get('x-request-id')).toMatch(/^req_/);
    expect(Number(first.get('openai-processing-ms'))).toBeGreaterThan(0);
    expect(first.get('x-ratelimit-limit-requests')).toBe('30000');
    expect(first.get('x-ratelimit-reset-tokens')).toMatch(/^\d+ms$/);
    expect((await run.post('/completions', {})).headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('a key that has used up its minute is told when to come back; another key is not', async () => {
    const narrow = await startForSpec({ openai: { limits: { requestsPerMinute: 2 } } });
    const body = { model: 'gpt-4o-mini', messages: [user('Hi')] };
    expect((await narrow.post('/chat/completions', body)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
    await narrow.post('/chat/completions', body);
    const refused = await narrow.post('/chat/completions', body);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m)?[\d.]+s$/);
    expect(await refused.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    expect((await narrow.post('/chat/completions', body, { authorization: 'Bearer sk-sandbox-other' })).status).toBe(
      200,
    );
    await narrow.sandbox.close();
  });

  it('a request that is larger than a whole minute is told so, and not to come back', async () => {
    const narrow = await startForSpec({ openai: { limits: { tokensPerMinute: 100 } } });
    const refused = await narrow.post('/chat/completions', {
      model: 'gpt-4o',
      messages: [user('Hi')],
      max_tokens: 100,
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null]);
    expect(await refused.json()).toMatchObject({
      error: {
        message: expect.stringMatching(/^Request too large for gpt-4o .* Limit 100, Requested 1\d\d\./) as string,
        type: 'tokens',
        code: 'rate_limit_exceeded',
      },
    });
    await narrow.sandbox.close();
  });

  it('a model is served where it belongs', async () => {
    const messages = [user('Hi')];
    await expect(
      run.openai.chat.completions.create({ model: 'text-embedding-3-small', messages }),
    ).rejects.toMatchObject({ status: 404, message: expect.stringContaining('not a chat model') as string });
    await expect(run.openai.embeddings.create({ model: 'gpt-4o', input: 'Hi' })).rejects.toMatchObject({ status: 403 });
    await expect(run.openai.audio.speech.create({ model: 'gpt-4o', input: 'Hi', voice: 'nova' })).rejects.toMatchObject(
      { status: 400, param: 'model' },
    );
  });

  it('a model may refuse to be streamed', async () => {
    await run.client.openai.addModel({ id: 'unverified', refuses: ['stream'] });
    const ask = { model: 'unverified', messages: [user('Hi')] };
    await expect(run.openai.chat.completions.create({ ...ask, stream: true })).rejects.toMatchObject({
      param: 'stream',
      code: 'unsupported_value',
    });
    expect((await run.openai.chat.completions.create(ask)).choices).toHaveLength(1);
  });

  it('harmful words are flagged and others are not', async () => {
    const { results } = await run.openai.moderations.create({ input: ['Хочу умереть', 'Хочу спать'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
    expect(results[0]!.categories['self-harm/intent']).toBe(true);
    expect(results[0]!.category_scores['self-harm/intent']).toBeGreaterThan(0.5);
    expect(results[1]!.category_scores['self-harm/intent']).toBeLessThan(0.5);
  });
});

describe('the control of the OpenAI-compatible server', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  const ask = async (...contents: [system: string, user: string]) => {
    const [system, content] = contents;
    const completion = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content },
      ],
    });
    return { text: completion.choices[0]!.message.content!, completion };
  };

  it('a scripted answer waits for its match in the last message or the system prompt', async () => {
    await run.script({ match: 'refund', reply: { text: 'to the message' } });
    await run.script({ match: 'You are Ada', reply: { text: 'to the prompt' }, times: 2 });
    expect((await ask('', 'hello')).text).toMatch(/^\*Sandbox model/);
    expect((await ask('', 'a refund, please')).text).toBe('to the message');
    expect((await ask('You are Ada.', 'a refund, please')).text).toBe('to the prompt');
    expect((await ask('You are Ada.', 'hello')).text).toBe('to the prompt');
    expect((await ask('You are Ada.', 'hello')).text).toMatch(/^\*Sandbox model/);
  });

  it('a script may set the finish, the cost and the refusal', async () => {
    await run.script({
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
    await run.script({ reply: { text: 'never said' } });
    expect(await run.client.openai.scripted()).toHaveLength(1);
    await run.client.openai.forgetScript();
    expect((await ask('', 'hello')).text).not.toBe('never said');
  });

  it('a mistake in the script is explained', async () => {
    const response = await run.send('POST', '/control/openai/script', { reply: { txt: 'oops' } });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain('txt');
  });

  it('the log tells what was asked and when, without the key', async () => {
    const seen = (await run.client.openai.requests()).at(-1)!.id;
    const before = Date.now();
    await ask('Be kind.', 'hello');
    const requests = await run.client.openai.requests({ since: seen });
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
    expect(await run.client.openai.setPace({ betweenTokensMs: 5 })).toEqual({ ...AT_ONCE, betweenTokensMs: 5 });
    await run.client.openai.setPace(AT_ONCE);
    await run.client.openai.setLimits({ tokensPerMinute: 20 });
    await ask('', 'hello');
    await expect(ask('', 'hello')).rejects.toMatchObject({ status: 429, type: 'tokens' });
  });
});
