import type OpenAI from 'openai';
import { AT_ONCE, type Running, startForSpec } from '../start-for-spec';

type Chunk = OpenAI.ChatCompletionChunk;

describe('streamed chat completions', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());
  afterEach(() => run.client.openai.setPace(AT_ONCE));

  async function stream(more: Partial<OpenAI.ChatCompletionCreateParamsStreaming> = {}): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    const events = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Привет! 👋' }],
      ...more,
      stream: true,
    });
    for await (const chunk of events) chunks.push(chunk);
    return chunks;
  }
  const textOf = (chunks: Chunk[]) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

  it('begins with the role, ends with the reason, and carries usage only when asked', async () => {
    const chunks = await stream();
    expect(chunks[0]!.choices[0]!.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(chunks.at(-1)!.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it('with include_usage one more chunk tells the cost, and the others say null', async () => {
    const chunks = await stream({ stream_options: { include_usage: true } });
    const last = chunks.pop()!;
    expect(last.choices).toEqual([]);
    expect(last.usage!.completion_tokens).toBe(chunks.length - 2);
    expect(chunks.every(({ usage }) => usage === null)).toBe(true);
  });

  it('the pieces joined are the answer that is not streamed', async () => {
    const messages = [{ role: 'user' as const, content: 'Расскажи длинно о море 🌊' }];
    const whole = await run.openai.chat.completions.create({ model: 'gpt-4o-mini', messages });
    const chunks = await stream({ messages });
    expect(textOf(chunks)).toBe(whole.choices[0]!.message.content);
    expect(chunks.length).toBeGreaterThan(500);
  });

  it('a tool call arrives as one head and fragments of arguments', async () => {
    const args = { city: 'Saint Petersburg', days: 3 };
    await run.script({ reply: { toolCalls: [{ name: 'forecast', arguments: args }, { name: 'now' }] } });
    const deltas = (await stream()).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const first = deltas.filter(({ index }) => index === 0);
    expect(first.filter(({ id }) => id)).toHaveLength(1);
    expect(first.filter(({ function: called }) => called?.name)).toHaveLength(1);
    expect(first.length).toBeGreaterThan(4);
    expect(JSON.parse(first.map(({ function: called }) => called?.arguments ?? '').join(''))).toEqual(args);
    expect(deltas.find(({ index, id }) => index === 1 && id)!.function).toEqual({ name: 'now', arguments: '' });
  });

  it("the client's own accumulator understands the stream", async () => {
    const runner = run.openai.chat.completions.stream({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      stream_options: { include_usage: true },
    });
    const completion = await runner.finalChatCompletion();
    expect(completion.choices[0]!.message.content).toMatch(/^\*Sandbox model\* — hello!/);
    expect(completion.usage!.total_tokens).toBeGreaterThan(0);
  });

  it('the first token and those after it come at the pace that was set', async () => {
    await run.client.openai.setPace({ firstTokenMs: 60, betweenTokensMs: 10 });
    await run.script({ reply: { chunks: ['a', 'b', 'c', 'd', 'e'] } });
    await stream();
    const [request] = (await run.client.openai.requests()).slice(-1);
    expect(request!.firstByteAt! - request!.receivedAt).toBeGreaterThanOrEqual(59);
    expect(request!.finishedAt! - request!.receivedAt).toBeGreaterThanOrEqual(99);
  });

  it('a client that leaves stops the writing', async () => {
    await run.client.openai.setPace({ firstTokenMs: 0, betweenTokensMs: 50 });
    const events = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'a long text, please' }],
      stream: true,
    });
    for await (const _ of events) break;
    const { id } = (await run.client.openai.requests()).at(-1)!;
    let last;
    do last = (await run.client.openai.requests({ since: id - 1 }))[0]!;
    while (last.finishedAt === null);
    expect(last.aborted).toBe(true);
  });
});
