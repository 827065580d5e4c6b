import type { ProblemText } from './problem-text';

export const ttsWorkerProblems: Readonly<Record<string, ProblemText>> = {
  'tts-worker.audio_not_found': {
    en: 'There is no such audio, or it is no longer kept.',
    ru: 'Такой записи нет, или она больше не хранится.',
  },
};
