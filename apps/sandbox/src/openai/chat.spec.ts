import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources';
import { countTokens } from './tokens';
import { AT_ONCE, type Running, startForSpec } from '../start-for-spec';

const WEATHER: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The current weather in a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
      required: ['city', 'unit'],
    },
  },
};

describe('chat completions', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  const ask = (content: string, more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    run.openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }], ...more });

  it('an answer says that it comes from the sandbox and what it cost', async () => {
    const completion = await ask('How far is the moon?');
    const choice = completion.choices[0]!;
    expect(completion.object).toBe('chat.completion');
    expect(completion.id).toMatch(/^chatcmpl-/);
    expect(choice.finish_reason).toBe('stop');
    expect(choice.message.content).toMatch(/^\*Sandbox model\* — .*How far is the moon\?/);
    const usage = completion.usage!;
    expect(usage.completion_tokens).toBe(countTokens(choice.message.content!));
    expect(usage.prompt_tokens).toBe(countTokens('How far is the moon?') + 7);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
  });

  it('the token limit cuts the answer and says so', async () => {
    const choice = (await ask('Tell me a long story', { max_completion_tokens: 7 })).choices[0]!;
    expect(choice.finish_reason).toBe('length');
    expect(countTokens(choice.message.content!)).toBe(7);
  });

  it('the answer ends before a stop sequence', async () => {
    await run.script({ reply: { text: 'one two END three' } });
    const choice = (await ask('count', { stop: ['END', 'never'] })).choices[0]!;
    expect(choice).toMatchObject({ finish_reason: 'stop', message: { content: 'one two ' } });
  });

  it('a JSON answer parses and is marked as sandbox output', async () => {
    const completion = await ask('Answer in JSON, please', { response_format: { type: 'json_object' } });
    expect(JSON.parse(completion.choices[0]!.message.content!)).toMatchObject({ sandbox: true });
  });

  it('a structured answer follows its schema', async () => {
    const completion = await ask('Invoice "Anna" for 300 in euro', {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'invoice',
          strict: true,
          schema: {
            type: 'object',
            properties: {
              to: { type: 'string' },
              amount: { type: 'integer', maximum: 250 },
              currency: { enum: ['usd', 'euro'] },
              lines: { type: 'array', items: { $ref: '#/$defs/line' } },
            },
            required: ['to', 'amount', 'currency', 'lines'],
            $defs: { line: { type: 'object', properties: { note: { type: 'string' } } } },
          },
        },
      },
    });
    expect(JSON.parse(completion.choices[0]!.message.content!)).toEqual({
      to: 'Anna',
      amount: 250,
      currency: 'euro',
      lines: [{ note: 'Invoice "Anna" for 300 in euro' }],
    });
  });

  it('a tool the person asks for is called with arguments from their words', async () => {
    const choice = (await ask('What is the weather in New York in fahrenheit?', { tools: [WEATHER] })).choices[0]!;
    expect(choice.finish_reason).toBe('tool_calls');
    expect(choice.message.content).toBeNull();
    const call = choice.message.tool_calls![0]!;
    expect(call).toMatchObject({ id: expect.stringMatching(/^call_/), type: 'function' });
    if (call.type !== 'function') throw new Error('not a function');
    expect(call.function.name).toBe('get_weather');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'New York', unit: 'fahrenheit' });
  });

  it('a tool nobody asked for is left alone, unless it is required or named', async () => {
    const called = async (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) =>
      (await ask('Good morning!', { tools: [WEATHER], ...more })).choices[0]!.message.tool_calls?.length ?? 0;
    expect(await called({})).toBe(0);
    expect(await called({ tool_choice: 'required' })).toBe(1);
    expect(await called({ tool_choice: { type: 'function', function: { name: 'get_weather' } } })).toBe(1);
    expect(await called({ tool_choice: 'none' })).toBe(0);
  });

  it('the result of a tool is told to the person', async () => {
    const messages: ChatCompletionMessageParam[] = [
      { role: 'user', content: 'What is the weather in Paris?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'Rain, 12 °C' },
    ];
    const completion = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      tools: [WEATHER],
    });
    expect(completion.choices[0]!.message.content).toMatch(/`get_weather`.*\n\n> Rain, 12 °C/);
  });

  it.each([
    ['When does my subscription end?', 'my_subscriptions'],
    ['Когда заканчивается моя подписка?', 'my_subscriptions'],
    ['Почему так тормозит интернет?', 'my_vpn'],
    ['Why is my VPN slow?', 'my_vpn'],
    ['Отключи автопродление, пожалуйста', 'turn_off_renewal'],
    ['I want to talk to a human', 'hand_over'],
    ['Позовите оператора', 'hand_over'],
    ['Where are you?', undefined],
  ])('in either language a tool is found by what it is for: %s', async (question, expected) => {
    const tool = (name: string, description: string) => ({
      type: 'function' as const,
      function: { name, description },
    });
    const tools = [
      tool('my_subscriptions', 'Subscriptions of the person, and until when they are paid.'),
      tool('my_vpn', 'How the VPN of the person is.'),
      tool('turn_off_renewal', 'Turns off that a subscription renews by itself.'),
      tool('hand_over', 'For people who want to talk to a human, an operator.'),
    ];
    const [call] = (await ask(question, { tools })).choices[0]!.message.tool_calls ?? [];
    expect(call?.type === 'function' ? call.function.name : undefined).toBe(expected);
  });

  it('the result of a tool that is JSON is told as a list, with what the knowledge says', async () => {
    const result = { subscriptions: [{ plan: 'Plus', until: '2026-12-03' }], isLast: true };
    const messages: ChatCompletionMessageParam[] = [
      { role: 'system', content: '<knowledge>\n[1] Subscriptions\nA subscription ends at noon.\n</knowledge>' },
      { role: 'user', content: 'When does my subscription end?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'mine', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: `<tool-result>\n${JSON.stringify(result)}\n</tool-result>` },
    ];
    const completion = await run.openai.chat.completions.create({ model: 'gpt-4o-mini', messages });
    const said = completion.choices[0]!.message.content!;
    expect(said).toContain(
      '> - subscriptions:\n>   - 1.\n>     - plan: Plus\n>     - until: 2026-12-03\n> - isLast: true',
    );
    expect(said).toContain('> [1] Subscriptions\n> A subscription ends at noon.');
  });

  it('several choices differ and are paid for together, streamed or not', async () => {
    const whole = await ask('Hello', { n: 3 });
    const texts = whole.choices.map(({ message }) => message.content!);
    expect(whole.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(texts).size).toBe(3);
    expect(whole.usage!.completion_tokens).toBe(texts.reduce((sum, text) => sum + countTokens(text), 0));
    const stream = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      n: 3,
      stream: true,
      stream_options: { include_usage: true },
    });
    const streamed = ['', '', ''];
    let usage = 0;
    for await (const { choices, usage: cost } of stream) {
      choices.forEach(({ index, delta }) => (streamed[index] += delta.content ?? ''));
      usage = cost?.completion_tokens ?? usage;
    }
    expect(streamed).toEqual(texts);
    expect(usage).toBe(whole.usage!.completion_tokens);
  });

  const look = (url: string, text: string) =>
    run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    });

  it('a picture is described alike each time, in the language of the question, and paid for by its size', async () => {
    const drawn = await run.openai.images.generate({
      model: 'gpt-image-2.6-flare',
      prompt: 'a tall house',
      size: '512x1024',
    });
    const url = `data:image/png;base64,${drawn.data![0]!.b64_json}`;
    const completion = await look(url, 'What is this?');
    const said = completion.choices[0]!.message.content!;
    expect(said).toMatch(/I see a picture: image\/png, 512 × 1024, \w+, [0-9a-f]{8}, “a tall house”\./);
    expect((await look(url, 'What is this?')).choices[0]!.message.content).toBe(said);
    expect((await look(url, 'Что это?')).choices[0]!.message.content).toMatch(
      /Я вижу картинку: .*, [а-яё]+, [0-9a-f]{8}/,
    );
    expect(completion.usage!.prompt_tokens).toBe(16 * 32 * 1.2 + 0.6 + 4 + 7);
  });

  it('a reasoning model thinks before it speaks, within its limit, and as much as it is told to', async () => {
    const think = async (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) => {
      const { choices, usage } = await ask('Hello', { model: 'gpt-6-luna', ...more });
      const { reasoning_tokens: thought } = usage!.completion_tokens_details!;
      const said = countTokens(choices[0]!.message.content!);
      expect(usage!.completion_tokens).toBe(thought! + said);
      return { thought, said, end: choices[0]!.finish_reason };
    };
    const usual = await think({});
    expect(usual).toMatchObject({ thought: 128, end: 'stop' });
    expect(await think({ reasoning_effort: 'none' })).toEqual({ ...usual, thought: 0 });
    expect(await think({ reasoning_effort: 'high', n: 1 })).toEqual({ ...usual, thought: 512 });
    expect(await think({ max_completion_tokens: 130 })).toEqual({ thought: 128, said: 2, end: 'length' });
    expect(await think({ max_completion_tokens: 100 })).toEqual({ thought: 100, said: 0, end: 'length' });
  });

  it('a prompt larger than the context window is refused', async () => {
    await expect(ask('word '.repeat(130_000))).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });
});

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
