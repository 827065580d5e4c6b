import type OpenAI from 'openai';
import { type Running, startForSpec } from '../start-for-spec';

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
