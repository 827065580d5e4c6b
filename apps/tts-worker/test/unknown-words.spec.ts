import { MessageReceived, SpeechCompleted, SpeechSpeakRequested, TranscriptionFailed } from '@switchboard/contracts';
import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { ttsWorkerApp } from '../src/tts-worker.app';
import { aSpeakRequest, aVoiceMessage } from './build';

/** A newer version of another service says words that this one has never heard of. */
describe('words that tts-worker does not know', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(ttsWorkerApp, { env: { TTS_WORKER_SPEECH_ENGINE: 'espeak' } });
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', () =>
    hearsUnknownWords(
      app,
      ttsWorkerApp,
      {
        [SpeechSpeakRequested.type]: () => aSpeakRequest({ locale: 'en' }),
        [MessageReceived.type]: () => aVoiceMessage(),
      },
      // A message of another kind is not taken.
      ['kind'],
    ));

  it('a text without letters is spoken in whichever language', async () => {
    const asked = aSpeakRequest({ text: '42', locale: 'pt-BR' });
    await app.probe.say(asked);
    await app.probe.until(SpeechCompleted, ({ data }) => data.speechId === asked.data.speechId);
  });

  it('a message whose file is of an unknown kind is transcribed all the same when it is a voice message', async () => {
    const message = aVoiceMessage({ locale: 'pt-BR', channel: 'carrier-pigeon' });
    await app.probe.say(message);
    // Nobody listens in this installation, and that is what is said.
    const { data } = await app.probe.until(
      TranscriptionFailed,
      ({ data }) => data.messageId === message.data.messageId,
    );
    expect(data.reason).toBe('not_configured');
  });
});
