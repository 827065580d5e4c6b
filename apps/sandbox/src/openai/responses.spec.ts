import type { Tool } from 'openai/resources/responses/responses';
import { type Running, startForSpec } from '../start-for-spec';

const WEATHER: Tool = {
  type: 'function',
  name: 'get_weather',
  description: 'The current weather in a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};

describe('responses', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  const model = 'gpt-6-luna';

  it('an answer is the same as a chat completion gives, and costs as much', async () => {
    const response = await run.openai.responses.create({
      model,
      instructions: 'Be kind.',
      input: 'How far is the moon?',
    });
    const completion = await run.openai.chat.completions.create({
      model,
      messages: [
        { role: 'developer', content: 'Be kind.' },
        { role: 'user', content: 'How far is the moon?' },
      ],
    });
    expect(response).toMatchObject({ object: 'response', status: 'completed', model, error: null });
    expect(response.output_text).toBe(completion.choices[0]!.message.content);
    expect(response.usage).toMatchObject({
      input_tokens: completion.usage!.prompt_tokens,
      total_tokens: completion.usage!.total_tokens,
    });
  });

  it('the next one follows from it, and one that nobody knows is refused', async () => {
    const first = await run.openai.responses.create({ model, input: 'My name is Anna' });
    const second = await run.openai.responses.create({
      model,
      input: 'What is my name?',
      previous_response_id: first.id,
    });
    expect(second.output_text).toContain('Your name is Anna');
    expect((await run.openai.responses.retrieve(second.id)).output_text).toBe(second.output_text);
    await run.openai.responses.delete(first.id);
    await expect(
      run.openai.responses.create({ model, input: 'And now?', previous_response_id: first.id }),
    ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });

  it('a streamed one comes in numbered events that the client puts together', async () => {
    const types: string[] = [];
    const numbers: number[] = [];
    let text = '';
    const stream = await run.openai.responses.create({ model, input: 'Hello', stream: true });
    for await (const event of stream) {
      if (types.at(-1) !== event.type) types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') {
        const [message] = event.response.output;
        expect(message).toMatchObject({ type: 'message', content: [{ type: 'output_text', text }] });
      }
    }
    expect(numbers).toEqual(numbers.map((_, i) => i));
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const final = await run.openai.responses.stream({ model, input: 'Hello' }).finalResponse();
    expect(final.output_text).toBe(text);
  });

  it('a tool is called, and its result is told', async () => {
    const input = 'What is the weather in New York?';
    const first = await run.openai.responses.create({ model, input, tools: [WEATHER] });
    const [call] = first.output;
    if (call?.type !== 'function_call') throw new Error('no call');
    expect([call.name, JSON.parse(call.arguments)]).toEqual(['get_weather', { city: 'New York' }]);
    const second = await run.openai.responses.create({
      model,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'Rain, 12 °C' }],
      tools: [WEATHER],
    });
    expect(second.output_text).toMatch(/`get_weather`.*\n\n> Rain, 12 °C/);
  });

  it('an answer that is cut says so, and a broken stream stays broken', async () => {
    const cut = await run.openai.responses.create({ model, input: 'A long story, please', max_output_tokens: 16 });
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    await run.fault('openai.responses', 'cut-stream:2');
    const deltas: string[] = [];
    const reading = async () => {
      for await (const event of await run.openai.responses.create({ model, input: 'Hello', stream: true })) {
        if (event.type === 'response.output_text.delta') deltas.push(event.delta);
      }
    };
    await expect(reading()).rejects.toThrow();
    expect(deltas).toHaveLength(2);
  });
});
