import fc from 'fast-check';
import { embed } from './embeddings';
import { type Running, startForSpec } from '../start-for-spec';

const nearness = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, index) => sum + value * b[index]!, 0);

describe('embeddings', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  it('any text gives a unit vector, the same each time', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
        const vector = embed(text, 256);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
        expect(embed(text, 256)).toEqual(vector);
      }),
    );
  });

  it.each([
    ['How long does delivery take?', 'Delivery takes two days', 'The cat sleeps on a warm roof'],
    ['Сколько стоит доставка?', 'Доставляем за два дня, стоимость 300 рублей', 'Кошка спит на тёплой крыше'],
  ])('"%s" lies nearer to what is like it', (question, near, far) => {
    const [a, b, c] = [question, near, far].map((text) => embed(text, 1536));
    expect(nearness(a!, b!)).toBeGreaterThan(nearness(a!, c!) + 0.1);
  });

  it('base64, which the client asks for by itself, holds the same numbers as float', async () => {
    const params = { model: 'text-embedding-3-small', input: ['один', 'two'] };
    const decoded = await run.openai.embeddings.create(params);
    const plain = await run.openai.embeddings.create({ ...params, encoding_format: 'float' });
    expect(decoded.data.map(({ embedding }) => embedding)).toEqual(plain.data.map(({ embedding }) => embedding));
    expect(decoded.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 1536],
      [1, 1536],
    ]);
    expect(decoded.usage.prompt_tokens).toBeGreaterThan(1);
  });

  it('dimensions follow the model and the wish', async () => {
    const size = async (model: string, dimensions?: number) =>
      (await run.openai.embeddings.create({ model, input: 'x', dimensions })).data[0]!.embedding.length;
    expect(await size('text-embedding-3-large')).toBe(3072);
    expect(await size('text-embedding-3-small', 64)).toBe(64);
    await expect(size('text-embedding-3-small', 2000)).rejects.toMatchObject({ status: 400, param: 'dimensions' });
    await expect(size('text-embedding-ada-002', 64)).rejects.toMatchObject({ status: 400, param: 'dimensions' });
  });

  it('tokens are as good as the text they encode', async () => {
    const embedding = async (input: string | number[]) =>
      (await run.openai.embeddings.create({ model: 'text-embedding-3-small', input })).data[0]!.embedding;
    expect(await embedding([24912, 2375])).toEqual(await embedding('hello world'));
  });

  it('an empty text and one that is too long are refused', async () => {
    const create = (input: string) => run.openai.embeddings.create({ model: 'text-embedding-3-small', input });
    await expect(create('')).rejects.toMatchObject({ status: 400, param: 'input' });
    await expect(create('word '.repeat(9000))).rejects.toMatchObject({ status: 400 });
    const many = Array<string>(38).fill('word '.repeat(7999));
    await expect(run.openai.embeddings.create({ model: 'text-embedding-3-small', input: many })).rejects.toMatchObject({
      status: 400,
      code: 'max_tokens_per_request',
      type: 'max_tokens_per_request',
    });
  });
});
