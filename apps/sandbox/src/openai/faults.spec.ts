import OpenAI from 'openai';
import { type Running, startForSpec } from '../start-for-spec';

describe('faults', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());
  afterEach(() => run.faults());

  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
  const ask = () => run.openai.chat.completions.create(body);
  async function collect(into: OpenAI.ChatCompletionChunk[] = []) {
    const stream = await run.openai.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) into.push(chunk);
    return into;
  }
  const failure = async (): Promise<InstanceType<typeof OpenAI.APIError>> => {
    try {
      await ask();
    } catch (error) {
      if (error instanceof OpenAI.APIError) return error;
      throw error;
    }
    throw new Error('the request went through');
  };

  it('a delay holds the answer back and changes nothing else', async () => {
    await run.fault('openai.chat', 'delay', { ms: 80 });
    const started = performance.now();
    expect((await ask()).choices).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  it.each([
    ['429', { 'retry-after': '7' }],
    ['429:ms', { 'retry-after-ms': '7000' }],
    ['429:none', {}],
  ])('%s names the wait in its own form', async (kind, headers) => {
    await run.fault('openai.chat', kind, { retryAfter: 7 });
    const error = await failure();
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ type: 'requests', code: 'rate_limit_exceeded' });
    const given = ['retry-after', 'retry-after-ms'].flatMap((name) => {
      const value = error.headers?.get(name);
      return value ? [[name, value]] : [];
    });
    expect(Object.fromEntries(given)).toEqual(headers);
    expect(error.headers?.get('x-ratelimit-remaining-requests')).toBe('0');
  });

  it('429:date gives an HTTP date not before the wait is over', async () => {
    await run.fault('openai.chat', '429:date', { retryAfter: 30 });
    const before = Date.now();
    const date = Date.parse((await failure()).headers?.get('retry-after') ?? '');
    expect(date - before).toBeGreaterThanOrEqual(30_000);
    expect(date - before).toBeLessThan(35_000);
  });

  it('an account that is not paid for has a code of its own', async () => {
    await run.fault('openai.chat', '429:billing-not-active');
    expect(await failure()).toMatchObject({ status: 429, code: 'billing_not_active' });
  });

  it('a quota that is used up has a code of its own', async () => {
    await run.fault('openai.chat', '429:insufficient-quota');
    expect(await failure()).toMatchObject({ status: 429, type: 'insufficient_quota', code: 'insufficient_quota' });
  });

  it("the client's retry gets through when the fault is over", async () => {
    await run.fault('openai.chat', '429:ms', { retryAfter: 0.01, times: 2 });
    const patient = run.openai.withOptions({ maxRetries: 2 });
    expect((await patient.chat.completions.create(body)).choices).toHaveLength(1);
  });

  it('a 500 has a body, a 502 of the proxy in front is HTML', async () => {
    await run.fault('openai.chat', '500');
    expect(await failure()).toMatchObject({ status: 500, type: 'server_error' });
    await run.fault('openai.chat', '502-html');
    const html = await failure();
    expect(html).toMatchObject({ status: 502, error: undefined });
    expect(html.headers?.get('content-type')).toContain('text/html');
  });

  it('a hung request ends with the patience of the caller', async () => {
    await run.fault('openai.chat', 'hang');
    // The client's own timeout error is recognised by its class, which Jest's separate realm hides from it.
    await expect(run.openai.chat.completions.create(body, { timeout: 50 })).rejects.toBeInstanceOf(
      OpenAI.APIConnectionError,
    );
    const [hung] = (await run.client.openai.requests()).slice(-1);
    expect(hung).toMatchObject({ status: null, firstByteAt: null });
  });

  it('a reset connection is a connection error', async () => {
    await run.fault('openai.chat', 'reset');
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });

  it('a stream is cut after as many tokens as ordered, before any usage', async () => {
    await run.fault('openai.chat', 'cut-stream:2');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toThrow();
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content)).toHaveLength(2);
    expect(chunks.some(({ usage }) => usage)).toBe(false);
  });

  it('a stream shorter than the ordered cut still ends before its finish', async () => {
    await run.script({ reply: { chunks: ['only', ' two'] } });
    await run.fault('openai.chat', 'cut-stream:50');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toThrow();
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content)).toEqual(['', 'only', ' two']);
    expect(chunks.every((chunk) => chunk.choices[0]?.finish_reason === null)).toBe(true);
  });

  it('a stall pauses in the middle and then goes on', async () => {
    await run.fault('openai.chat', 'stall:1', { ms: 80 });
    const started = performance.now();
    expect((await collect()).at(-1)!.usage!.total_tokens).toBeGreaterThan(0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  it('an error in the stream is thrown by the client', async () => {
    await run.fault('openai.chat', 'error-in-stream:1');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toMatchObject({ type: 'server_error' });
    expect(chunks.length).toBeGreaterThan(1);
  });

  it('a body that is not streamed can be cut as well', async () => {
    await run.fault('openai.chat', 'cut-stream');
    await expect(ask()).rejects.toThrow();
  });

  it('an empty answer is an answer', async () => {
    await run.fault('openai.chat', 'empty', { times: 2 });
    expect((await ask()).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } });
    expect((await collect()).some((chunk) => chunk.choices[0]?.delta.content)).toBe(false);
  });

  it('a refusal comes in its own field, streamed or not', async () => {
    await run.fault('openai.chat', 'refusal', { times: 2 });
    const { message } = (await ask()).choices[0]!;
    expect(message.content).toBeNull();
    expect((await collect()).map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join('')).toBe(message.refusal);
  });

  it('a context that is too long is refused with its code', async () => {
    await run.fault('openai.chat', 'context-too-long');
    expect(await failure()).toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  it('a fault strikes the target it was ordered for and no other', async () => {
    await run.fault('openai.embeddings', '500');
    await run.fault('openai.speech', '500');
    await ask();
    await expect(run.openai.embeddings.create({ model: 'text-embedding-3-small', input: 'x' })).rejects.toMatchObject({
      status: 500,
    });
    await expect(
      run.openai.audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'x', response_format: 'opus' }),
    ).rejects.toMatchObject({ status: 500 });
  });

  it('after the work an answer is lost all the same', async () => {
    await run.script({ reply: { text: 'said and lost' }, times: 2 });
    await run.fault('openai.chat', '500-after-commit');
    expect(await failure()).toMatchObject({ status: 500, type: 'server_error' });
    await run.fault('openai.chat', 'reset-after-commit');
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    expect(await run.client.openai.scripted()).toEqual([]);
  });

  it.each([
    ['openai.chat', 'frobnicate', 'knows no fault'],
    ['openai.chat', '429:never', 'this argument means nothing'],
    ['openai.chat', 'quirk:sideways', 'this argument means nothing'],
    ['openai.speech', 'refusal', 'knows no fault'],
    ['openai.chatt', '500', 'there is no target'],
    ['telegram.updates', '500', 'knows no fault'],
    ['telegram.sendLove', '500', 'there is no target'],
  ])('%s: the fault %s is refused when it is ordered', async (target, kind, reason) => {
    await run.faults({ target: 'openai.chat', kind: 'empty' });
    const response = await run.send('PUT', '/control/faults', [{ target, kind }]);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(reason);
    // What was in force stays in force.
    expect(await run.client.faults()).toEqual([{ target: 'openai.chat', kind: 'empty' }]);
  });
});

interface Raw {
  text: string;
  /** How many reads of the connection the body took. */
  packets: Buffer[];
  /** The JSON of every `data:` line. */
  chunks: OpenAI.ChatCompletionChunk[];
}

describe('servers that call themselves compatible', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());
  afterEach(() => run.faults());

  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Привет' }] };

  async function stream(quirk: string): Promise<Raw> {
    await run.fault('openai.chat', `quirk:${quirk}`);
    const response = await run.post('/chat/completions', {
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    const packets: Buffer[] = [];
    for await (const packet of response.body!) packets.push(Buffer.from(packet));
    const text = Buffer.concat(packets).toString();
    const chunks = [...text.matchAll(/^data: (\{.*\})\r?$/gm)].map(
      (match) => JSON.parse(match[1]!) as OpenAI.ChatCompletionChunk,
    );
    return { text, packets, chunks };
  }
  const callTools = () =>
    run.script({ reply: { toolCalls: [{ name: 'a', arguments: { one: 'value', two: 'value' } }, { name: 'b' }] } });
  const toolDeltas = (raw: Raw) => raw.chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);

  it('no-usage: the cost is never told', async () => {
    const { chunks } = await stream('no-usage');
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
  });

  it('usage-in-every-chunk: it grows up to the sum', async () => {
    const { chunks } = await stream('usage-in-every-chunk');
    const counts = chunks.map((chunk) => chunk.usage!.completion_tokens);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts[0]).toBe(0);
    expect(counts.at(-1)).toBe(counts.at(-2));
  });

  it('no-role-chunk: the text begins at once', async () => {
    const { chunks } = await stream('no-role-chunk');
    expect(chunks.some((chunk) => chunk.choices[0]?.delta.role)).toBe(false);
    expect(chunks[0]!.choices[0]!.delta.content).not.toBe('');
  });

  it('whole-arguments: one delta for each call', async () => {
    await callTools();
    const deltas = toolDeltas(await stream('whole-arguments'));
    expect(deltas.map((delta) => delta.function!.arguments)).toEqual(['{"one":"value","two":"value"}', '{}']);
  });

  it('tool-index-zero and no-tool-id: calls cannot be told apart by either', async () => {
    await callTools();
    const deltas = toolDeltas(await stream('tool-index-zero+no-tool-id'));
    expect(new Set(deltas.map(({ index }) => index))).toEqual(new Set([0]));
    expect(deltas.some(({ id }) => id)).toBe(false);
  });

  it.each([
    ['reasoning-content', 'reasoning_content'],
    ['reasoning', 'reasoning'],
  ])('%s: thoughts come before the text, in a field of their own', async (quirk, field) => {
    const deltas = (await stream(quirk)).chunks.flatMap((chunk) => chunk.choices[0]?.delta ?? []);
    const thoughts = deltas.findIndex((delta) => field in delta);
    expect(thoughts).toBeGreaterThan(0);
    expect(deltas.findIndex((delta) => delta.content)).toBeGreaterThan(thoughts);
  });

  it('comments: they stand between the events', async () => {
    expect((await stream('comments')).text).toMatch(/^: OPENROUTER PROCESSING\n\ndata: /);
  });

  it('crlf: lines end as on Windows', async () => {
    const { text } = await stream('crlf');
    expect(text).toMatch(/data: \[DONE\]\r\n\r\n$/);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('no-done: the stream just ends', async () => {
    const { text, chunks } = await stream('no-done');
    expect(text).not.toContain('[DONE]');
    expect(chunks.at(-1)!.usage!.total_tokens).toBeGreaterThan(0);
  });

  it('empty-finish-reason: an empty text stands for null', async () => {
    const reasons = (await stream('empty-finish-reason')).chunks.map((chunk) => chunk.choices[0]?.finish_reason);
    expect(reasons[0]).toBe('');
    expect(reasons).toContain('stop');
    expect(reasons).not.toContain(null);
  });

  it('split-utf8: a letter arrives in two packets and the text is whole all the same', async () => {
    // On a busy machine a reader may find two packets waiting at once, but not twenty times in a row.
    await run.script({ reply: { chunks: Array(20).fill('Модель') } });
    const { packets, text } = await stream('split-utf8');
    expect(packets.some((packet) => packet.toString().endsWith('\uFFFD'))).toBe(true);
    expect(text).not.toContain('\uFFFD');
    expect(text).toContain('Модель');
  });

  it("the client's decoder survives them all together", async () => {
    await run.fault('openai.chat', 'quirk:crlf+comments+split-utf8+no-done+reasoning-content+usage-in-every-chunk');
    const stream = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Привет' }],
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toMatch(/^\*Модель-песочница\* — здравствуйте!/);
  });

  it.each([
    ['detail-error', 400, { detail: expect.any(String) }],
    ['error-200', 200, { error: { message: expect.any(String) } }],
    ['int-error-code', 502, { error: { code: 502 } }],
  ])('%s: an error in another shape', async (quirk, status, shape) => {
    await run.fault('openai.chat', `quirk:${quirk}`);
    const response = await run.post('/chat/completions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(shape);
  });
});
