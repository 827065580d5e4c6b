import { type RunningModel, startModel } from '../../test/start-model';
import {
  type ChatMessage,
  type ModelAnswer,
  ModelFailure,
  type ModelParameters,
  type ModelRequest,
} from './chat-model';
import { OpenAiModel } from './openai.model';
import { countTokens } from './tokens';

const LIMITS = { firstTokenMs: 10_000, idleMs: 10_000, totalMs: 20_000 };
const QUESTION = 'Hello';

/** A refusal as OpenAI words it. */
const refusal = (status: number, message: string, details: { param?: string; code?: string; type?: string } = {}) => ({
  kind: 'answer',
  answer: {
    status,
    body: { error: { message, type: 'invalid_request_error', param: null, code: null, ...details } },
  },
});

describe('a server that speaks the chat completions API', () => {
  let server: RunningModel;
  beforeAll(async () => {
    server = await startModel();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.reset());

  /** A client that has just been started, as one that has seen refusals remembers them. */
  const connect = () => new OpenAiModel({ baseUrl: server.baseUrl, apiKey: 'sk-sandbox' }, LIMITS, fetch);

  async function ask(
    model = connect(),
    {
      parameters = {},
      limit = 500,
      name = 'sandbox-model',
      ...more
    }: { parameters?: ModelParameters; limit?: number; name?: string } & Partial<ModelRequest> = {},
  ): Promise<ModelAnswer | ModelFailure> {
    const messages = [{ role: 'user' as const, content: QUESTION }];
    const request = { model: name, messages, maxOutputTokens: limit, parameters, ...more };
    return model.answer(request, { signal: new AbortController().signal }).catch((error: unknown) => {
      if (error instanceof ModelFailure) return error;
      throw error;
    });
  }

  const bodies = async () => (await server.calls()).map(({ body }) => body as unknown as Record<string, unknown>);

  describe('a parameter that the model does not take', () => {
    it.each([
      ['reasoning_effort', 'Unrecognized request argument supplied: reasoning_effort', {}],
      [
        'temperature',
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        { param: 'temperature' },
      ],
      ['verbosity', "Unsupported parameter: 'verbosity' is not supported with this model.", {}],
      [
        'top_p',
        "Unsupported parameter: 'top_p' is not supported with this model.",
        { param: 'top_p', code: 'unsupported_parameter' },
      ],
      ['service_tier', 'Unknown parameter: `service_tier`.', { param: 'service_tier', code: 'unknown_parameter' }],
      ['top_k', 'Unrecognized request argument supplied: top_k', {}],
    ])('%s, refused by “%s”, is left out, and is not sent again', async (parameter, message, details) => {
      await server.fail(refusal(400, message, details));
      await server.script({ times: 2, reply: { text: 'Here it is.' } });
      const model = connect();
      const parameters = {
        temperature: 0.2,
        topP: 0.9,
        reasoningEffort: 'low',
        verbosity: 'low',
        serviceTier: 'flex',
        // The sandbox refuses by itself what it does not know.
        extra: parameter === 'top_k' ? { top_k: 4 } : {},
      };
      expect(await ask(model, { parameters })).toMatchObject({ text: 'Here it is.', end: 'complete' });
      expect(await ask(model, { parameters })).toMatchObject({ text: 'Here it is.' });
      expect((await bodies()).map((body) => parameter in body)).toEqual([true, false, false]);
      expect((await bodies()).at(-1)).toHaveProperty(parameter === 'temperature' ? 'top_p' : 'temperature');
    });

    it('several of them named at once are left out together', async () => {
      await server.fail(refusal(400, 'Unrecognized request arguments supplied: reasoning_effort, verbosity'));
      expect(await ask(connect(), { parameters: { reasoningEffort: 'low', verbosity: 'low' } })).toMatchObject({
        end: 'complete',
      });
      expect((await bodies()).map((body) => Object.keys(body).filter((name) => /effort|verbosity/.test(name)))).toEqual(
        [['reasoning_effort', 'verbosity'], []],
      );
    });

    it('one that was not sent is no reason to ask again', async () => {
      await server.fail(
        refusal(400, "Unsupported parameter: 'temperature' is not supported.", { param: 'temperature' }),
      );
      expect(await ask()).toMatchObject({ kind: 'rejected' });
      expect(await bodies()).toHaveLength(1);
    });

    it('a value that is refused for another reason is sent again', async () => {
      const model = connect();
      await server.fail(
        refusal(400, "Invalid 'messages[0].content': string too long.", {
          param: 'messages[0].content',
          code: 'string_above_max_length',
        }),
      );
      expect(await ask(model, { parameters: { temperature: 0.2 } })).toMatchObject({ kind: 'rejected' });
      await ask(model, { parameters: { temperature: 0.2 } });
      expect(await bodies()).toMatchObject([{ temperature: 0.2 }, { temperature: 0.2 }]);
    });
  });

  it('a model that may not be streamed is asked for its answer whole', async () => {
    const message =
      'Your organization must be verified to stream this model. Please go to the settings and click on Verify.';
    await server.fail(refusal(400, message, { param: 'stream', code: 'unsupported_value' }));
    await server.script({
      times: 2,
      reply: { text: 'Whole.', usage: { promptTokens: 20, completionTokens: 9, reasoningTokens: 4 } },
    });
    const model = connect();
    const whole = { text: 'Whole.', end: 'complete', usage: { inputTokens: 20, outputTokens: 9 }, reasoningTokens: 4 };
    expect(await ask(model)).toMatchObject(whole);
    expect(await ask(model)).toMatchObject(whole);
    expect((await bodies()).map(({ stream, stream_options }) => [stream, stream_options])).toEqual([
      [true, { include_usage: true }],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('an answer that comes whole is not waited for as briefly as a first word', async () => {
    const model = new OpenAiModel(
      { baseUrl: server.baseUrl, apiKey: 'sk-sandbox' },
      { ...LIMITS, firstTokenMs: 150 },
      fetch,
    );
    await server.fail(
      refusal(400, 'You must be verified to stream this model.', { param: 'stream', code: 'unsupported_value' }),
    );
    await server.pace(300);
    expect(await ask(model)).toMatchObject({ end: 'complete' });
  });

  describe('an output limit that the server takes under no name', () => {
    const unknown = (name: string) => refusal(400, `Unrecognized request argument supplied: ${name}`);
    const LONG = 'word '.repeat(400);

    it.each([
      ['streamed', []],
      ['whole', [refusal(400, "'stream' is not supported", { param: 'stream', code: 'unsupported_value' })]],
    ])('is kept by cutting the answer off, %s', async (_, more) => {
      await server.fail(unknown('max_tokens'), unknown('max_completion_tokens'), ...more);
      await server.script({ reply: { text: LONG } });
      const answer = (await ask(connect(), { limit: 50 })) as ModelAnswer;
      expect(answer.end).toBe('length');
      expect(LONG.startsWith(answer.text)).toBe(true);
      expect(countTokens(answer.text)).toBeGreaterThan(40);
      expect(countTokens(answer.text)).toBeLessThanOrEqual(50);
    });
  });

  it('a server that ignores the limit is stopped a good way after it', async () => {
    const text = 'word '.repeat(400);
    const event = { choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }] };
    await server.fail(events(event));
    const answer = (await ask(connect(), { limit: 50 })) as ModelAnswer;
    expect(answer.end).toBe('length');
    expect(countTokens(answer.text)).toBeLessThanOrEqual(100);
  });

  it.each<[string, ReturnType<typeof refusal>, object]>([
    [
      'a request that no waiting makes small enough',
      refusal(
        429,
        'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40121. The input or output tokens must be reduced in order to run successfully.',
        { type: 'tokens', code: 'rate_limit_exceeded' },
      ),
      { kind: 'context_too_long', costsNothing: true },
    ],
    [
      'an account without a payment method',
      refusal(429, 'Your account is not active, please check your billing details on our website.', {
        type: 'billing_not_active',
        code: 'billing_not_active',
      }),
      { kind: 'rejected', costsNothing: true },
    ],
    [
      'a limit that reasoning used up without a word',
      refusal(
        400,
        'Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.',
      ),
      { text: '', end: 'length', usage: undefined },
    ],
    [
      'a prompt that is refused',
      refusal(400, 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.', {
        code: 'invalid_prompt',
      }),
      { text: '', end: 'refused', usage: { inputTokens: 0, outputTokens: 0 } },
    ],
    [
      "a violation of the provider's policy",
      refusal(400, 'Your request was rejected as a result of our safety system.', { code: 'content_policy_violation' }),
      { text: '', end: 'refused' },
    ],
    [
      'a filter before the model',
      refusal(400, "The response was filtered due to the prompt triggering the provider's content management policy.", {
        code: 'content_filter',
      }),
      { text: '', end: 'refused' },
    ],
  ])('%s is known for what it is', async (_, fault, result) => {
    await server.fail(fault);
    expect(await ask()).toMatchObject(result);
  });

  describe('tools', () => {
    const tool = (name: string) => ({ name, description: 'Looks.', parameters: { type: 'object', properties: {} } });
    const tools = ['a', 'b', 'c'].map(tool);
    const callsABC = (more = {}) =>
      server.script({
        reply: {
          text: 'Let me look.',
          toolCalls: [
            { name: 'a', arguments: { one: 1, two: 'two' } },
            { name: 'b' },
            { name: 'a', arguments: '{"broken' },
          ],
          ...more,
        },
      });

    it.each([
      'none',
      'whole-arguments',
      'tool-index-zero',
      'no-tool-id',
      'tool-index-zero+no-tool-id',
      'tool-index-zero+no-tool-id+whole-arguments',
      'usage-in-every-chunk+crlf+no-role-chunk',
    ])('are called one by one, whatever way the server tells it: %s', async (quirk) => {
      if (quirk !== 'none') await server.fail({ kind: `quirk:${quirk}` });
      await callsABC();
      const answer = (await ask(connect(), { tools })) as ModelAnswer;
      expect(answer).toMatchObject({ text: 'Let me look.', end: 'complete' });
      expect(answer.toolCalls!.map(({ name, arguments: given }) => [name, given])).toEqual([
        ['a', '{"one":1,"two":"two"}'],
        ['b', '{}'],
        ['a', '{"broken'],
      ]);
      expect(new Set(answer.toolCalls!.map(({ id }) => id)).size).toBe(3);
    });

    it('are called by a server that does not stream as well', async () => {
      await server.fail(refusal(400, 'Your organization must be verified to stream this model.', { param: 'stream' }));
      await callsABC();
      const answer = (await ask(connect(), { tools })) as ModelAnswer;
      expect(answer.toolCalls?.map(({ name }) => name)).toEqual(['a', 'b', 'a']);
    });

    it('are not called with arguments that were cut off', async () => {
      await callsABC({ finishReason: 'length' });
      expect(await ask(connect(), { tools })).not.toHaveProperty('toolCalls');
    });

    const asked: ChatMessage[] = [
      { role: 'user', content: QUESTION },
      { role: 'assistant', content: '', toolCalls: [{ id: 'call_1', name: 'a', arguments: '{}' }] },
      { role: 'tool', toolCallId: 'call_1', content: 'It is noon.' },
    ];

    it('are told of with what they have answered, and not to be called when an answer is due', async () => {
      await ask(connect(), { tools, messages: asked, mustAnswer: true });
      const [body] = await bodies();
      expect(body).toMatchObject({
        tool_choice: 'none',
        tools: tools.map((one) => ({ type: 'function', function: one })),
      });
      expect(body!['messages']).toEqual([
        { role: 'user', content: QUESTION },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'a', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'It is noon.' },
      ]);
    });

    it('are left out where the model takes none; what they have answered is told to it all the same', async () => {
      await server.fail(refusal(400, 'registry.example/llama does not support tools'));
      await ask(connect(), { tools, messages: asked });
      const body = (await bodies()).at(-1)!;
      expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['tools']));
      expect((body['messages'] as { role: string }[]).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    });
  });

  it('an empty reason to finish is none: an answer that breaks off after it is not whole', async () => {
    const chunk = { choices: [{ index: 0, delta: { content: 'The beginning of' }, finish_reason: '' }] };
    await server.fail(events(chunk));
    expect(await ask()).toMatchObject({ kind: 'unavailable', said: 'The beginning of' });
  });
});

/** A stream that ends after these chunks. */
const events = (...chunks: object[]) => ({
  kind: 'answer',
  answer: {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''),
  },
});
