/**
 * The child process of EspeakEngine: eSpeak NG is GPL-3, so it is loaded here and nowhere else, and talks to the service by messages.
 * Synthesis and encoding both block, which is the other reason for a process of its own.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { eSpeakNGWorker } from '@echogarden/espeak-ng-emscripten';
import { pcmToOpus } from '../audio/pcm-to-opus';
import { EspeakTask, type EspeakResult } from './espeak.protocol';

let loading: Promise<eSpeakNGWorker> | undefined;

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  // A failure in the engine leaves its memory in doubt: it is not caught, the process ends and the next one starts clean.
  void synthesize(EspeakTask.parse(message)).then((answer) => process.send?.(answer));
});

async function synthesize(task: EspeakTask): Promise<EspeakResult> {
  let espeak;
  try {
    espeak = await (loading ??= load());
  } catch (error) {
    loading = undefined;
    return { kind: 'not-installed', message: error instanceof Error ? error.message : String(error) };
  }
  espeak.set_rate(task.wordsPerMinute);
  const chunks: Int16Array[] = [];
  for (const { text, voices, pauseMs } of task.parts) {
    if (!voices.some((voice) => espeak.set_voice(voice) === 0))
      throw new Error(`eSpeak NG has none of ${voices.join()}`);
    espeak.synthesize(text, (pcm) => {
      if (pcm) chunks.push(pcm);
      return false;
    });
    chunks.push(new Int16Array(Math.round((pauseMs * espeak.samplerate) / 1000)));
    // Between sentences the process can notice that its service is gone.
    await nextTurn();
  }
  const pcm = concat(chunks);
  if (!pcm.some((sample) => sample !== 0)) return { kind: 'silent' };
  return { kind: 'spoken', ...pcmToOpus(pcm, espeak.samplerate) };
}

async function load(): Promise<eSpeakNGWorker> {
  const { default: loadModule } = await import('@echogarden/espeak-ng-emscripten');
  const { eSpeakNGWorker: Worker } = await loadModule();
  return new Worker();
}

/** By samples: going through `Buffer.from(piece)` would cut each sample to a byte. */
function concat(pieces: Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
