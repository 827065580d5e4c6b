import type { DataMap } from '@switchboard/service-kit';

const ofChat = { column: 'chat_id', of: 'chats' } as const;

export const botAdapterDataMap: DataMap = {
  people: {
    purpose: 'One person of a channel is one user in every bot.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { channel: 'The channel.', external_id: "The channel's id of the person." },
  },
  contacts: {
    purpose: 'A person in a bot: whom to write to.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot.',
      external_id: "The channel's id of the person.",
      profile: 'Name and username, encrypted.',
    },
  },
  chats: {
    purpose: 'Where people and bots talk, and how they wish to.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot.',
      channel: 'The channel.',
      external_id: "The channel's id of the chat.",
      kind: 'Private or a group.',
      locale: 'Language that was chosen.',
      voice_mode: 'Whether answers are spoken.',
    },
  },
  inbound_updates: {
    purpose: 'What was processed, so that nothing is processed twice; the content of what could not be.',
    retention: 'Three days.',
    erasure: 'delete row',
    person: { within: 'content' },
    columns: {
      bot_id: 'The bot.',
      failure: 'Why it could not be processed.',
      content: 'The update as the channel sent it, encrypted; only of what failed.',
    },
  },
  inbound_messages: {
    purpose: 'Our ids of messages, so that an edit finds what it changes. The words are not kept.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: ofChat,
    columns: { external_message_id: "The channel's id of the message." },
  },
  media: {
    purpose: 'Files that came with messages.',
    retention: 'Thirty days, with the file.',
    erasure: 'delete row',
    person: ofChat,
    columns: {
      bot_id: 'The bot.',
      external_id: "The channel's id of the file.",
      kind: 'What the file is to the sender.',
      mime_type: 'Type of the file.',
      storage_key: 'Where the file is.',
    },
  },
  deliveries: {
    purpose: 'What is to be sent and what was, in order.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      kind: 'Text, voice or notice.',
      content: 'What it says, encrypted.',
      state: 'How far it is.',
      external_message_ids: "The channel's ids of the messages.",
      reason: 'Why it was given up.',
    },
  },
  streams: {
    purpose: 'Messages into which an answer is written while it is being made.',
    retention: 'Days.',
    erasure: 'delete row',
    person: ofChat,
    columns: { external_message_id: "The channel's id of the message." },
  },
  callbacks: {
    purpose: 'What the buttons under messages do.',
    retention: 'Until they expire.',
    erasure: 'delete row',
    person: ofChat,
    columns: { id: 'What the button carries.', action: 'What it does, with ids only.' },
  },
  speeches: {
    purpose: 'Answers that were asked for by voice: each is spoken once.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { state: 'How far it is.' },
  },
};
