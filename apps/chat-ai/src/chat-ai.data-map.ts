import type { DataMap } from '@switchboard/service-kit';

export const chatAiDataMap: DataMap = {
  conversations: {
    purpose: 'What is talked about in a chat, until somebody begins anew.',
    retention: 'For good, so far.',
    erasure: 'delete row',
    columns: { bot_id: 'The bot that is talked to.', summary: 'What was said so far, in short; encrypted.' },
  },
  messages: {
    purpose: 'What was said, for the assistant to remember.',
    retention: 'As long as the conversation.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      role: 'Person or assistant.',
      state: 'Whether it is answered.',
      locale: 'Language of the person.',
      text: 'The words, encrypted.',
      quoted: 'The message that it answers, encrypted.',
      sender_name: 'Who wrote it, in a group; encrypted.',
    },
  },
  turns: {
    purpose: 'How each answer came about, for operators.',
    retention: 'As long as the conversation.',
    erasure: 'delete row',
    person: { column: 'conversation_id', of: 'conversations' },
    columns: {
      outcome: 'What became of it.',
      model: 'Which model answered.',
      context_report: 'Ids of what the model was sent and what was left out; no words.',
    },
  },
  prompts: {
    purpose: 'What the operator tells the assistant, by version.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { bot_id: 'The bot.', text: 'Words of the operator.', hash: 'SHA-256 of the text.' },
  },
  knowledge_documents: {
    purpose: 'What the company has written down.',
    retention: 'As long as the file is there.',
    erasure: 'not personal',
    columns: {
      bot_id: 'The bot that knows it.',
      source: 'Name of the file.',
      title: 'Title of the document.',
      locale: 'Its language.',
      hash: 'SHA-256 of the file.',
    },
  },
  knowledge_chunks: {
    purpose: 'The same in pieces, to be searched.',
    retention: 'As long as the document.',
    erasure: 'not personal',
    columns: {
      bot_id: 'The bot that knows it.',
      heading: 'The headings above it.',
      text: 'Words of the operator.',
      tsv: 'The same words for the search.',
    },
  },
  model_prices: {
    purpose: 'What models cost, and since when.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { model: 'Name of a model.', source: 'Where the price was read.' },
  },
  usages: {
    purpose: 'What each call of a model used and cost.',
    retention: 'For good, so far.',
    erasure: 'keep under tombstone',
    person: 'user_id',
    columns: {
      purpose: 'For an answer or a summary.',
      bot_id: 'The bot.',
      model: 'Name of a model.',
      outcome: 'What became of the call.',
    },
  },
  budgets: {
    purpose: 'What may be spent in a period, and what was.',
    retention: 'For good, so far.',
    erasure: 'delete row',
    person: { within: 'scope' },
    columns: { scope: 'A bot, or a bot and a person.' },
  },
  budget_reservations: {
    purpose: 'Money that is set aside for calls on their way.',
    retention: 'Minutes.',
    erasure: 'delete row',
    person: { within: 'scope' },
    columns: { scope: 'A bot, or a bot and a person.' },
  },
};
