import type { DataMap } from '@switchboard/service-kit';

export const ttsWorkerDataMap: DataMap = {
  audio_assets: {
    purpose: 'Audio that was made once, for whoever asks for the same again.',
    retention: 'TTS_WORKER_KEEP_DAYS after it was last asked for.',
    erasure: 'not personal',
    columns: {
      id: 'SHA-256 of text, voice and speed.',
      storage_key: 'Where the file is.',
      mime_type: 'Type of the file.',
      engine: 'Who spoke.',
    },
  },
  speech_requests: {
    purpose: 'To answer each request for speech once.',
    retention: 'The text until it is answered, the rest a day longer.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      requested_by: 'The service that asked.',
      audio_id: 'SHA-256 of what was asked for.',
      text: 'The words to be spoken, encrypted with the key of the person; empty once answered.',
      locale: 'Language of the text.',
      voice: 'Name of a voice.',
      state: 'Waiting, completed or failed.',
      reason: 'Why it failed.',
    },
  },
  transcriptions: {
    purpose: 'To answer each voice message once. The words are not kept.',
    retention: 'A day after the answer.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot that was spoken to.',
      mime_type: 'Type of the recording.',
      locale: 'Language of the person.',
      state: 'Waiting, completed or failed.',
      reason: 'Why it failed.',
    },
  },
};
