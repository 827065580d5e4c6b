import { pcmToOpus } from '../src/audio/pcm-to-opus';
import { sine } from './ogg-reader';
import { json, startServer } from './openai-server';

/** Half a second of 440 Hz, which stands for speech. */
export const SPOKEN = pcmToOpus(sine(440, 24_000, 0.5), 24_000).ogg;

type Answer = Parameters<typeof startServer>[0];

export const speaks: Answer = (_, response) =>
  void response.writeHead(200, { 'content-type': 'audio/ogg' }).end(SPOKEN);
export const refuses: Answer = (_, response) => json(response, 401, { error: { message: 'wrong key' } });
export const isDown: Answer = (_, response) => json(response, 503, { error: { message: 'overloaded' } });
export const hangs: Answer = () => undefined;

/** An OpenAI-compatible server whose behaviour a test changes as it goes: each answer once, then the last for ever. */
export async function startVoices(...answers: [Answer, ...Answer[]]) {
  const next = [...answers];
  const server = await startServer((asked, response) => (next.length > 1 ? next.shift()! : next[0]!)(asked, response));
  return {
    ...server,
    /** From now on. */
    answer: (...later: [Answer, ...Answer[]]) => void next.splice(0, Infinity, ...later),
    env: { TTS_WORKER_API_KEY: 'key-1', TTS_WORKER_BASE_URL: server.baseUrl, TTS_WORKER_SPEECH_MODEL: 'a-voice' },
  };
}
