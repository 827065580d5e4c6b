import { toFile } from 'openai';
import { imageSize } from '../kit/image-size';
import { PNG, type Running, startForSpec } from '../start-for-spec';

describe('pictures', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  const model = 'gpt-image-2.6-flare';
  const draw = async (prompt: string, more: object = {}) => {
    const { data, usage } = await run.openai.images.generate({ model, prompt, ...more });
    return { pictures: data!.map(({ b64_json }) => Buffer.from(b64_json!, 'base64')), usage: usage! };
  };

  it('the same prompt gives the same picture, another prompt or size another', async () => {
    const { pictures, usage } = await draw('a cat', { n: 2, size: '256x512', quality: 'low' });
    expect(pictures.map(imageSize)).toEqual([
      { width: 256, height: 512 },
      { width: 256, height: 512 },
    ]);
    expect(pictures[0]).not.toEqual(pictures[1]);
    expect((await draw('a cat', { n: 2, size: '256x512' })).pictures).toEqual(pictures);
    expect((await draw('a dog', { size: '256x512' })).pictures[0]).not.toEqual(pictures[0]);
    expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
  });

  it('an edit follows from the pictures as well', async () => {
    const edit = async (image: Buffer) => {
      const file = await toFile(image, 'a.png', { type: 'image/png' });
      const { data } = await run.openai.images.edit({ model, image: [file], prompt: 'bluer', size: '1024x1024' });
      return data![0]!.b64_json;
    };
    const [drawn] = (await draw('a cat')).pictures;
    expect(await edit(PNG)).toBe(await edit(PNG));
    expect(await edit(PNG)).not.toBe(await edit(drawn!));
  });

  it('a stream gives as many previews as were asked for, and then the picture', async () => {
    const types: string[] = [];
    const stream = await run.openai.images.generate({ model, prompt: 'a cat', stream: true, partial_images: 2 });
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
  });

  it.each([
    ['a size that is none', { size: '100x100' }, { param: 'size' }],
    ['another format than PNG', { output_format: 'webp' }, { param: 'output_format', code: 'unsupported_value' }],
    ['what nobody should draw', { prompt: 'nude' }, { code: 'moderation_blocked' }],
  ])('%s is refused', async (_what, more, error) => {
    await expect(draw('x', more)).rejects.toMatchObject({ status: 400, ...error });
  });

  it('a picture may break off in the middle', async () => {
    const whole = (await draw('a cat')).pictures[0]!;
    await run.fault('openai.images', 'truncated');
    const broken = (await draw('a cat')).pictures[0]!;
    expect(broken.length).toBeLessThan(whole.length);
    expect(whole.subarray(0, broken.length - 3)).toEqual(broken.subarray(0, -3));
  });
});

describe('files', () => {
  it('are uploaded, listed, read, given to a model and deleted', async () => {
    const run = await startForSpec();
    const file = await toFile(Buffer.from('Пункт 1'), 'план (1).txt');
    const made = await run.openai.files.create({ file, purpose: 'user_data' });
    expect(made).toMatchObject({ object: 'file', filename: 'план (1).txt', purpose: 'user_data', bytes: 12 });
    expect((await run.openai.files.list({ purpose: 'user_data' })).data).toEqual([made]);
    expect((await run.openai.files.list({ purpose: 'vision' })).data).toEqual([]);
    expect(await (await run.openai.files.content(made.id)).text()).toBe('Пункт 1');
    const { choices } = await run.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: made.id } }] }],
    });
    expect(choices[0]!.message.content).toContain('план (1).txt');
    expect(await run.openai.files.delete(made.id)).toMatchObject({ deleted: true });
    await expect(run.openai.files.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
    await run.sandbox.close();
  });
});
