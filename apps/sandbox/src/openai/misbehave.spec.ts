import OpenAI from 'openai';
import { type RunningOpenAi, startOpenAi } from './start-for-spec';

describe('faults', () => {
  let openai: RunningOpenAi;
  beforeAll(async () => {
    openai = await startOpenAi();
  });
  afterAll(() => openai.stop());
  afterEach(() => openai.faults.clear());

  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
  const ask = () => openai.client.chat.completions.create(body);
  async function collect(into: OpenAI.ChatCompletionChunk[] = []) {
    const stream = await openai.client.chat.completions.create({
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
    openai.fault('openai.chat', 'delay', { ms: 80 });
    const started = performance.now();
    expect((await ask()).choices).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  it.each([
    ['429', { 'retry-after': '7' }],
    ['429:ms', { 'retry-after-ms': '7000' }],
    ['429:none', {}],
  ])('%s names the wait in its own form', async (kind, headers) => {
    openai.fault('openai.chat', kind, { retryAfter: 7 });
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
    openai.fault('openai.chat', '429:date', { retryAfter: 30 });
    const before = Date.now();
    const date = Date.parse((await failure()).headers?.get('retry-after') ?? '');
    expect(date - before).toBeGreaterThanOrEqual(30_000);
    expect(date - before).toBeLessThan(35_000);
  });

  it('a quota that is used up has a code of its own', async () => {
    openai.fault('openai.chat', '429:insufficient-quota');
    expect(await failure()).toMatchObject({ status: 429, type: 'insufficient_quota', code: 'insufficient_quota' });
  });

  it("the client's retry gets through when the fault is over", async () => {
    openai.fault('openai.chat', '429:ms', { retryAfter: 0.01, times: 2 });
    const patient = openai.client.withOptions({ maxRetries: 2 });
    expect((await patient.chat.completions.create(body)).choices).toHaveLength(1);
  });

  it('a 500 has a body, a 502 of the proxy in front is HTML', async () => {
    openai.fault('openai.chat', '500');
    expect(await failure()).toMatchObject({ status: 500, type: 'server_error' });
    openai.fault('openai.chat', '502-html');
    const html = await failure();
    expect(html).toMatchObject({ status: 502, error: undefined });
    expect(html.headers?.get('content-type')).toContain('text/html');
  });

  it('a hung request ends with the patience of the caller', async () => {
    openai.fault('openai.chat', 'hang');
    // The client's own timeout error is recognised by its class, which Jest's separate realm hides from it.
    await expect(openai.client.chat.completions.create(body, { timeout: 50 })).rejects.toBeInstanceOf(
      OpenAI.APIConnectionError,
    );
    const [hung] = (await openai.requests()).slice(-1);
    expect(hung).toMatchObject({ status: null, firstByteAt: null });
  });

  it('a reset connection is a connection error', async () => {
    openai.fault('openai.chat', 'reset');
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });

  it('a stream is cut after as many tokens as ordered, before any usage', async () => {
    openai.fault('openai.chat', 'cut-stream:2');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toThrow();
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content)).toHaveLength(2);
    expect(chunks.some(({ usage }) => usage)).toBe(false);
  });

  it('a stream shorter than the ordered cut still ends before its finish', async () => {
    await openai.script({ reply: { chunks: ['only', ' two'] } });
    openai.fault('openai.chat', 'cut-stream:50');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toThrow();
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content)).toEqual(['', 'only', ' two']);
    expect(chunks.every((chunk) => chunk.choices[0]?.finish_reason === null)).toBe(true);
  });

  it('a stall pauses in the middle and then goes on', async () => {
    openai.fault('openai.chat', 'stall:1', { ms: 80 });
    const started = performance.now();
    expect((await collect()).at(-1)!.usage!.total_tokens).toBeGreaterThan(0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  it('an error in the stream is thrown by the client', async () => {
    openai.fault('openai.chat', 'error-in-stream:1');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    await expect(collect(chunks)).rejects.toMatchObject({ type: 'server_error' });
    expect(chunks.length).toBeGreaterThan(1);
  });

  it('a body that is not streamed can be cut as well', async () => {
    openai.fault('openai.chat', 'cut-stream');
    await expect(ask()).rejects.toThrow();
  });

  it('an empty answer is an answer', async () => {
    openai.fault('openai.chat', 'empty', { times: 2 });
    expect((await ask()).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } });
    expect((await collect()).some((chunk) => chunk.choices[0]?.delta.content)).toBe(false);
  });

  it('a refusal comes in its own field, streamed or not', async () => {
    openai.fault('openai.chat', 'refusal', { times: 2 });
    const { message } = (await ask()).choices[0]!;
    expect(message.content).toBeNull();
    expect((await collect()).map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join('')).toBe(message.refusal);
  });

  it('a context that is too long is refused with its code', async () => {
    openai.fault('openai.chat', 'context-too-long');
    expect(await failure()).toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  it('a fault strikes the target it was ordered for and no other', async () => {
    openai.fault('openai.embeddings', '500');
    openai.fault('openai.speech', '500');
    await ask();
    await expect(
      openai.client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' }),
    ).rejects.toMatchObject({ status: 500 });
    await expect(
      openai.client.audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'x', response_format: 'opus' }),
    ).rejects.toMatchObject({ status: 500 });
  });

  it.each(['frobnicate', '429:never', 'quirk:sideways'])('an unknown fault %s is named aloud', async (kind) => {
    openai.fault('openai.chat', kind);
    const error = await failure();
    expect(error).toMatchObject({ status: 500, type: 'sandbox_error' });
    expect(error.message).toContain('knows no');
  });
});
