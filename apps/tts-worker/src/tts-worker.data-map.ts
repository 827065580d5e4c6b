import type { DataMap } from '@switchboard/service-kit';

export const ttsWorkerDataMap: DataMap = {
  audio_assets: {
    purpose: 'Audio that was made once, for whoever asks for the same again.',
    retention:
      'TTS_WORKER_KEEP_DAYS after it was last asked for. With the person, if nobody else has asked for the same.',
    erasure: 'delete row',
    person: { within: 'id' },
    columns: {
      id: 'Keyed hash of text, voice and speed.',
      storage_key: 'Where the file is.',
      mime_type: 'Type of the file.',
      engine: 'Who spoke.',
    },
  },
  audio_drafts: {
    purpose: 'Audio that was begun: its file may be stored already, and be left behind by a killed process.',
    retention: 'Until the audio is made, at most two days.',
    erasure: 'delete row',
    person: { within: 'id' },
    columns: { id: 'Keyed hash of text, voice and speed.' },
  },
  speech_requests: {
    purpose: 'To answer each request for speech once.',
    retention: 'The text until it is answered, the rest TTS_WORKER_KEEP_DAYS longer.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      requested_by: 'The service that asked.',
      chat_id: 'Of the chat, as bot-adapter knows it.',
      bot_id: 'The bot that pays.',
      audio_id: 'Keyed hash of what was asked for.',
      text: 'The words to be spoken, encrypted with the key of the person; empty once answered.',
      locale: 'Language of the text.',
      voice: 'Name of a voice.',
      state: 'Waiting, completed or failed.',
      reason: 'Why it failed.',
    },
  },
  transcriptions: {
    purpose: 'To answer each voice message once. The words are not kept.',
    retention: 'TTS_WORKER_KEEP_DAYS after the answer.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      chat_id: 'Of the chat, as bot-adapter knows it.',
      bot_id: 'The bot that was spoken to.',
      media_id: 'Of the recording, which bot-adapter keeps.',
      mime_type: 'Type of the recording.',
      state: 'Waiting, completed or failed.',
      reason: 'Why it failed.',
    },
  },
  speech_prices: {
    purpose: 'What speech costs, and since when.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { model: 'Name of a model.', unit: 'What is counted.', source: 'Where the price was read.' },
  },
  person_spending: {
    purpose: 'What was spent for a person in a day, for their budget.',
    retention: 'TTS_WORKER_KEEP_DAYS.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { bot_id: 'The bot.' },
  },
  bot_spending: {
    purpose: 'What was spent by a bot in a month, for its budget.',
    retention: 'A year.',
    erasure: 'not personal',
    columns: { bot_id: 'The bot.' },
  },
  reservations: {
    purpose: 'Money that is set aside for calls on their way.',
    retention: 'Hours.',
    erasure: 'keep under tombstone',
    person: 'user_id',
    columns: {
      job: 'What is made.',
      bot_id: 'The bot.',
      purpose: 'Speech or transcription.',
      engine: 'Name of an engine.',
      model: 'Name of a model.',
    },
  },
};
