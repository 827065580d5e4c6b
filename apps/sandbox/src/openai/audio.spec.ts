import OpusScript from 'opusscript';
import { toFile } from 'openai';
import type { SpeechCreateParams } from 'openai/resources/audio';
import { mp3Seconds } from './mp3';
import { oggSeconds } from './ogg-opus';
import { type Running, startForSpec } from '../start-for-spec';
import { FRAME, SAMPLE_RATE } from './audio';
import { wavSeconds } from './audio';

describe('speech', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  async function speak(input: string, more: Partial<SpeechCreateParams> = {}): Promise<Buffer> {
    const params: SpeechCreateParams = { model: 'tts-1', voice: 'nova', input, response_format: 'opus', ...more };
    return Buffer.from(await (await run.openai.audio.speech.create(params)).arrayBuffer());
  }

  it('opus is an Ogg file whose packets decode to something audible', async () => {
    const decoder = new OpusScript(SAMPLE_RATE, 1);
    const packets = packetsOf(await speak('Good morning, dear listener'));
    expect(packets[0]!.toString('latin1', 0, 8)).toBe('OpusHead');
    expect(packets[1]!.toString('latin1', 0, 8)).toBe('OpusTags');
    const sound = Buffer.concat(packets.slice(2).map((packet) => decoder.decode(packet)));
    decoder.delete();
    expect(sound.length).toBe((packets.length - 2) * FRAME * 2);
    expect(loudness(sound)).toBeGreaterThan(500);
  });

  it('the length of the sound follows the text and the speed', async () => {
    const word = oggSeconds(await speak('ма'.repeat(10)))!;
    expect(word).toBeCloseTo(1.6, 1);
    expect(oggSeconds(await speak('ма'.repeat(20)))! / word).toBeCloseTo(2, 1);
    expect(oggSeconds(await speak('ма'.repeat(10), { speed: 2 }))! / word).toBeCloseTo(0.5, 1);
  });

  it('wav and pcm hold the same sound', async () => {
    const wav = await speak('la la la', { response_format: 'wav' });
    const pcm = await speak('la la la', { response_format: 'pcm' });
    expect(wav.subarray(44)).toEqual(pcm);
    expect(wavSeconds(wav)).toBeCloseTo(pcm.length / 2 / SAMPLE_RATE, 5);
    expect(loudness(pcm)).toBeGreaterThan(1000);
  });

  it('even a text without letters makes a sound', async () => {
    expect(loudness(await speak('…', { response_format: 'pcm' }))).toBeGreaterThan(1000);
  });

  it('voices differ', async () => {
    const [nova, onyx] = [await speak('one', { voice: 'nova' }), await speak('one', { voice: 'onyx' })];
    expect(nova).not.toEqual(onyx);
    expect(nova).toEqual(await speak('one', { voice: 'nova' }));
  });

  it('mp3, which the client asks for by itself, is a sequence of whole frames as long as the sound', async () => {
    const speech = await run.openai.audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'ма'.repeat(10) });
    expect(speech.headers.get('content-type')).toBe('audio/mpeg');
    const mp3 = Buffer.from(await speech.arrayBuffer());
    const frames = mp3.length / 96;
    expect(Number.isInteger(frames)).toBe(true);
    for (let frame = 0; frame < frames; frame += 1) expect(mp3.readUInt32BE(frame * 96)).toBe(0xfff344c4);
    expect(mp3Seconds(mp3)).toBeCloseTo(1.6, 1);
    // What is not silence says something in its frame.
    expect(mp3.subarray(4, 96).some((byte) => byte !== 0)).toBe(true);
  });

  it.each(['aac', 'flac'] as const)('%s is refused politely', async (response_format) => {
    await expect(speak('hello', { response_format })).rejects.toMatchObject({
      status: 400,
      param: 'response_format',
      code: 'unsupported_value',
    });
  });

  it('a text of more than 4096 characters is refused', async () => {
    await expect(speak('a'.repeat(4097))).rejects.toMatchObject({ status: 400, param: 'input' });
  });

  it('a model has its own voices, and a limit in tokens', async () => {
    const model = 'gpt-4o-mini-tts';
    expect(await speak('hello', { model, voice: 'marin' })).not.toHaveLength(0);
    await expect(speak('hello', { voice: 'marin' })).rejects.toMatchObject({ status: 400, param: 'voice' });
    await expect(speak('hello', { model, voice: 'nobody' })).rejects.toMatchObject({ status: 400, param: 'voice' });
    await expect(speak('漢字 '.repeat(1000), { model })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/Input of \d+ tokens is over the maximum input limit of 2000 tokens/) as string,
    });
  });

  it('a cut leaves the sound unfinished', async () => {
    await run.fault('openai.speech', 'cut-stream:2');
    await expect(speak('one two three')).rejects.toThrow();
  });
});

describe('transcription', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  async function voiceNote(name = 'voice.ogg') {
    const speech = await run.openai.audio.speech.create({
      model: 'tts-1',
      voice: 'nova',
      input: 'ла'.repeat(20),
      response_format: 'opus',
    });
    return toFile(await speech.arrayBuffer(), name);
  }

  it('the sandbox cannot hear and says how long the recording is, in the language of the hint', async () => {
    const file = await voiceNote();
    const english = await run.openai.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(english.text).toBe('[sandbox] a voice message of 3.2 seconds');
    const russian = await run.openai.audio.transcriptions.create({ model: 'whisper-1', file, language: 'ru' });
    expect(russian.text).toBe('[sandbox] голосовое сообщение: 3,2 секунды');
  });

  it('a scripted transcript is heard once, in the file it was meant for', async () => {
    await run.script({ match: 'order', reply: { transcript: 'Two pizzas, please' } });
    const hear = async (name: string) =>
      (await run.openai.audio.transcriptions.create({ model: 'whisper-1', file: await voiceNote(name) })).text;
    expect(await hear('other.ogg')).toMatch(/^\[sandbox\]/);
    expect(await hear('order.ogg')).toBe('Two pizzas, please');
    expect(await hear('order.ogg')).toMatch(/^\[sandbox\]/);
  });

  it('verbose_json times every word within the recording', async () => {
    await run.script({ reply: { transcript: 'one three' } });
    const verbose = await run.openai.audio.transcriptions.create({
      model: 'whisper-1',
      file: await voiceNote(),
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(verbose.duration).toBeCloseTo(3.2, 1);
    expect(verbose.segments).toMatchObject([{ start: 0, end: verbose.duration, text: 'one three' }]);
    expect(verbose.words!.map(({ word }) => word)).toEqual(['one', 'three']);
    expect(verbose.words!.at(-1)!.end).toBeCloseTo(verbose.duration, 5);
  });

  it('the language is that of the words, unless it was told', async () => {
    await run.script({ reply: { transcript: 'Две пиццы' }, times: 2 });
    const hear = async (more: object) =>
      run.openai.audio.transcriptions.create({
        model: 'whisper-1',
        file: await voiceNote(),
        response_format: 'verbose_json',
        ...more,
      });
    expect(await hear({})).toMatchObject({ language: 'russian', usage: { type: 'duration', seconds: 4 } });
    expect(await hear({ language: 'en' })).toMatchObject({ language: 'english' });
  });

  it('models after Whisper know no times, are billed by tokens, and hear no more than so many seconds', async () => {
    const model = 'gpt-transcribe';
    const file = await voiceNote();
    await expect(
      run.openai.audio.transcriptions.create({ model, file, response_format: 'verbose_json' }),
    ).rejects.toMatchObject({ status: 400, param: 'response_format' });
    const { usage } = await run.openai.audio.transcriptions.create({ model, file });
    expect(usage).toMatchObject({ type: 'tokens', input_token_details: { audio_tokens: 32 } });
    await run.client.openai.addModel({ id: 'impatient', most_seconds: 3 });
    await expect(run.openai.audio.transcriptions.create({ model: 'impatient', file })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/audio duration 3.\d+ seconds is longer than 3 seconds/) as string,
    });
  });

  it('subtitles carry their times', async () => {
    await run.script({ reply: { transcript: 'Hi' }, times: 2 });
    const file = await voiceNote();
    const subtitles = (response_format: 'srt' | 'vtt') =>
      run.openai.audio.transcriptions.create({ model: 'whisper-1', file, response_format });
    expect(await subtitles('srt')).toMatch(/^1\n00:00:00,000 --> 00:00:03,\d{3}\nHi\n/);
    expect(await subtitles('vtt')).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:03\.\d{3}\nHi\n/);
  });

  it('a streamed transcript adds up to the whole one', async () => {
    const stream = await run.openai.audio.transcriptions.create({
      model: 'gpt-4o-mini-transcribe',
      file: await voiceNote(),
      stream: true,
    });
    let text = '';
    let done = '';
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') text += event.delta;
      if (event.type === 'transcript.text.done') done = event.text;
    }
    expect(text).toBe(done);
    expect(done).toContain('3.2 seconds');
  });

  it.each([
    ['notes.txt', 'hello', /Invalid file format/],
    ['voice.ogg', 'not an ogg at all', /could not be decoded/],
    ['voice.wav', '', /Invalid file format/],
  ])('%s holding "%s" is refused', async (name, content, message) => {
    const file = await toFile(Buffer.from(content), name);
    const hearing = run.openai.audio.transcriptions.create({ model: 'whisper-1', file });
    await expect(hearing).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  it('a form that is none is refused', async () => {
    const bare = await run.post('/audio/transcriptions', { model: 'whisper-1' });
    expect(bare.status).toBe(400);
    const broken = await run.post('/audio/transcriptions', '--x', { 'content-type': 'multipart/form-data' });
    expect(await broken.json()).toMatchObject({ error: { message: 'Could not parse multipart form' } });
  });

  it('the log keeps the fields and the size of the file, not its bytes', async () => {
    const file = await voiceNote();
    await run.openai.audio.transcriptions.create({ model: 'whisper-1', file, language: 'ru' });
    expect((await run.client.openai.requests()).at(-1)!.body).toEqual({
      model: 'whisper-1',
      language: 'ru',
      file: { name: 'voice.ogg', mimeType: expect.any(String), bytes: file.size },
    });
  });
});

/** The packets of an Ogg file that puts no packet on two pages. */
function packetsOf(ogg: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let page = 0; page < ogg.length;) {
    const segments = ogg.readUInt8(page + 26);
    let at = page + 27 + segments;
    let start = at;
    for (const length of ogg.subarray(page + 27, page + 27 + segments)) {
      at += length;
      if (length === 255) continue;
      packets.push(ogg.subarray(start, at));
      start = at;
    }
    page = at;
  }
  return packets;
}

/** Root mean square of 16-bit samples. */
function loudness(pcm: Buffer): number {
  let sum = 0;
  for (let at = 0; at < pcm.length; at += 2) sum += pcm.readInt16LE(at) ** 2;
  return Math.sqrt(sum / (pcm.length / 2));
}
