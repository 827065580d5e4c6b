import { SpeechCompleted, SpeechFailed } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { aSpeakRequest } from '../../test/build';
import { speaks, SPOKEN, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

let voices: Awaited<ReturnType<typeof startVoices>>;
let app: TestApp;

beforeAll(async () => {
  voices = await startVoices(speaks);
  app = await startApp(ttsWorkerApp, { env: { ...voices.env, TTS_WORKER_MAX_CHARS: '500' } });
});
afterAll(async () => {
  await app.stop();
  await voices.stop();
});
beforeEach(() => void voices.asked.splice(0));

const answerTo = ({ data }: ReturnType<typeof aSpeakRequest>) =>
  app.probe.until(SpeechCompleted, (event) => event.data.speechId === data.speechId);
const failureOf = ({ data }: ReturnType<typeof aSpeakRequest>) =>
  app.probe.until(SpeechFailed, (event) => event.data.speechId === data.speechId);
const answersTo = ({ data }: ReturnType<typeof aSpeakRequest>) =>
  app.probe.all(SpeechCompleted).filter((event) => event.data.speechId === data.speechId);

async function speak(request: ReturnType<typeof aSpeakRequest>) {
  await app.probe.say(request);
  return (await answerTo(request)).data;
}

describe('speech', () => {
  it('a text is spoken by the configured server and said to be ready', async () => {
    const request = aSpeakRequest({ text: 'A calm evening', voice: 'nova' });
    expect(await speak(request)).toEqual({
      speechId: request.data.speechId,
      requestedBy: 'bot-adapter',
      chatId: request.data.chatId,
      audioId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      mimeType: 'audio/ogg',
      bytes: SPOKEN.length,
      durationMs: 500,
      engine: 'openai',
      reused: false,
    });
    expect(JSON.parse(String(voices.asked[0]!.body))).toMatchObject({ input: 'A calm evening', voice: 'nova' });
  });

  it('the same text and voice are made once, however the spaces lie', async () => {
    const first = await speak(aSpeakRequest({ text: 'Close your eyes' }));
    const second = await speak(aSpeakRequest({ text: ' Close  your\u00A0eyes\n', locale: 'ru' }));
    expect(second).toMatchObject({ audioId: first.audioId, reused: true });
    expect(voices.asked).toHaveLength(1);
  });

  it('another voice is another audio', async () => {
    const first = await speak(aSpeakRequest({ text: 'Listen', voice: 'coral' }));
    const second = await speak(aSpeakRequest({ text: 'Listen', voice: 'sage' }));
    expect(second.audioId).not.toBe(first.audioId);
    expect(voices.asked).toHaveLength(2);
  });

  it('ten who ask at the same time are all answered, and it is made once', async () => {
    const requests = Array.from({ length: 10 }, () => aSpeakRequest({ text: 'Good morning, everyone' }));
    await Promise.all(requests.map((request) => app.probe.say(request)));
    const answers = await Promise.all(requests.map(answerTo));
    expect(voices.asked).toHaveLength(1);
    expect(answers.filter(({ data }) => !data.reused)).toHaveLength(1);
    expect(new Set(answers.map(({ data }) => data.audioId)).size).toBe(1);
    const [asset] = await app.service.db.query('SELECT uses FROM audio_assets WHERE id = $1', [
      answers[0]!.data.audioId,
    ]);
    expect(asset).toEqual({ uses: 10 });
  });

  it('a request that comes while its audio is being made waits for it', async () => {
    const pending: (() => void)[] = [];
    voices.answer((asked, response) => void pending.push(() => speaks(asked, response)));
    const [early, late] = [aSpeakRequest({ text: 'Slowly now' }), aSpeakRequest({ text: 'Slowly now' })];
    await app.probe.say(early);
    await until(() => pending.length === 1, { what: 'the engine to be asked' });
    await app.probe.say(late);
    await until(
      async () => (await app.service.db.query(`SELECT FROM speech_requests WHERE state = 'waiting'`)).length === 2,
      { what: 'both to wait' },
    );
    voices.answer(speaks);
    pending[0]!();
    expect((await answerTo(early)).data.reused).toBe(false);
    expect((await answerTo(late)).data.reused).toBe(true);
    expect(voices.asked).toHaveLength(1);
  });

  it.each([
    ['the event comes again', (event: Parameters<TestApp['probe']['sayAgain']>[0]) => app.probe.sayAgain(event)],
    [
      'it is asked again under the same id',
      (event: Parameters<TestApp['probe']['sayAgain']>[0]) => app.probe.say(event),
    ],
  ])('a request is answered once, also when %s', async (how, again) => {
    const request = aSpeakRequest({ text: `Once only, even if ${how}` });
    const event = await app.probe.say(request);
    await answerTo(request);
    await again(event);
    // Said later: by the time both are answered, the repetition has been heard.
    for (const text of ['One more', 'And another']) await speak(aSpeakRequest({ text: `${text}: ${how}` }));
    expect(answersTo(request)).toHaveLength(1);
  });

  it('a text without words is nothing to say', async () => {
    const request = aSpeakRequest({ text: ' … 🎉\u200B ' });
    await app.probe.say(request);
    expect((await failureOf(request)).data).toEqual({
      speechId: request.data.speechId,
      requestedBy: 'bot-adapter',
      chatId: request.data.chatId,
      reason: 'nothing_to_say',
    });
    expect(voices.asked).toHaveLength(0);
  });

  it('a text over the limit is refused, one at the limit is spoken', async () => {
    const long = aSpeakRequest({ text: 'x'.repeat(501) });
    await app.probe.say(long);
    expect((await failureOf(long)).data.reason).toBe('too_long');
    await speak(aSpeakRequest({ text: 'x'.repeat(500) }));
  });

  it('a text with bytes that Postgres cannot keep is spoken all the same', async () => {
    await speak(aSpeakRequest({ text: 'before\0after' }));
    expect(JSON.parse(String(voices.asked[0]!.body))).toMatchObject({ input: 'beforeafter' });
  });

  it('a text lies encrypted while it waits and is gone when it is answered', async () => {
    const pending: (() => void)[] = [];
    voices.answer((asked, response) => void pending.push(() => speaks(asked, response)));
    const request = aSpeakRequest({ text: 'A private thought' });
    await app.probe.say(request);
    await until(() => pending.length === 1, { what: 'the engine to be asked' });
    const look = async () =>
      (await app.service.db.query('SELECT text FROM speech_requests WHERE speech_id = $1', [
        request.data.speechId,
      ])) as { text: string }[];
    const [{ text } = { text: '' }] = await look();
    expect(text).toMatch(/^p1\./);
    voices.answer(speaks);
    pending[0]!();
    await answerTo(request);
    expect(await look()).toEqual([{ text: null }]);
  });

  it('the metrics tell seconds made and requests answered from the library', async () => {
    const look = async () => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      const valueOf = (line: RegExp) =>
        Number(
          metrics
            .split('\n')
            .find((one) => line.test(one))
            ?.split(' ')
            .at(-1) ?? 0,
        );
      return {
        seconds: valueOf(/^speech_synthesized_seconds_total\{.*engine="openai"/),
        reused: valueOf(/^speech_requests_total\{.*outcome="reused"/),
        calls: valueOf(/^third_party_call_seconds_count\{.*provider="openai",operation="speech",outcome="ok"/),
      };
    };
    const before = await look();
    await speak(aSpeakRequest({ text: 'Counted' }));
    await speak(aSpeakRequest({ text: 'Counted' }));
    expect(await look()).toEqual({
      seconds: before.seconds + 0.5,
      reused: before.reused + 1,
      calls: before.calls + 1,
    });
  });
});
