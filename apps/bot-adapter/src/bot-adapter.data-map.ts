import type { DataMap } from '@switchboard/service-kit';

const ofChat = { column: 'chat_id', of: 'chats' } as const;

export const botAdapterDataMap: DataMap = {
  people: {
    purpose: 'One person of a channel is one user in every bot.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      channel: 'The channel.',
      external_hash: "Keyed hash of the channel's id of the person.",
      former_ids:
        'Ids that the person had here for a moment: other services may have rows of theirs, which go with the person.',
    },
  },
  contacts: {
    purpose: 'A person in a bot: whom to write to.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot.',
      external_hash: "Keyed hash of the channel's id of the person.",
      profile: 'Name and username, encrypted with the key of the person.',
      name_hash: 'Keyed hash of the name, by which staff find somebody.',
      username_hash: 'Keyed hash of the username, likewise.',
      flood_group: "The channel's id of files that were sent together last.",
      quiet_from: 'When they want no news from the bot.',
      quiet_to: 'Until then.',
      time_zone: 'Of these.',
      start_hashes: 'Keyed hashes of what links said by which they came.',
    },
  },
  restricted_people: {
    purpose: 'Whom bots do not listen to, as staff have decided.',
    retention: 'Until it is over or lifted.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { bot_id: 'The bot, where it is one.', restriction_id: 'Of the gateway.' },
  },
  chats: {
    purpose: 'Where people and bots talk, and how they wish to.',
    retention: 'As long as the person is known; of a group, for good.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      user_id: 'The person of a private chat. A group is nobody alone, and outlives its members.',
      bot_id: 'The bot.',
      channel: 'The channel.',
      external_id:
        "The channel's id of the chat, encrypted with the key of the person; of a group, with one of the installation.",
      external_hash: 'Keyed hash of it.',
      former_hashes: 'Those it had before it moved.',
      kind: 'Private or a group.',
      locale: 'Language that was chosen.',
      voice_mode: 'Whether answers are spoken.',
    },
  },
  inbound_updates: {
    purpose:
      'What was processed, so that nothing is processed twice; the content of what could not be, or waits for a bot that is paused.',
    retention: 'Three days; two months of what failed or still waits.',
    erasure: 'delete row',
    person: { within: 'content' },
    columns: {
      bot_id: 'The bot.',
      update_id: "The channel's id of the update.",
      failure: 'Why it could not be processed.',
      mentioned: "Keyed hashes of what may be a person's id at the channel; only of what failed or waits.",
      content:
        'The update as the channel sent it, encrypted with a key of the installation; only of what failed or waits.',
    },
  },
  inbound_messages: {
    purpose: 'Our ids of messages, so that an edit finds what it changes. The words are not kept.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot.',
      account: "The channel's id of the bot.",
      external_chat_hash: "Keyed hash of the channel's id of the chat.",
      external_thread_id: "The channel's id of the topic.",
      external_message_id: "The channel's id of the message.",
    },
  },
  media: {
    purpose: 'Files that came with messages.',
    retention: 'Thirty days, with the file.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      bot_id: 'The bot.',
      external_id: "The channel's id of the file, encrypted with the key of the person.",
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
      kind: 'Text, voice, notice or picture.',
      cause_id: 'Of the reply, the speech or the notice that is delivered.',
      content: 'What it says, encrypted with the key of the person.',
      state: 'How far it is.',
      external_message_ids: "The channel's ids of the messages.",
      reason: 'Why it was given up.',
    },
  },
  previews: {
    purpose: 'Messages in which an answer is shown while it is being written.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: ofChat,
    columns: {
      call_id: 'Of the call to the channel that is under way, or was the last one.',
      external_chat_hash: "Keyed hash of the channel's id of the chat.",
      external_message_id: "The channel's id of the message.",
      state: 'Shown, final or dropped.',
    },
  },
  buttons: {
    purpose: 'What the buttons under messages do.',
    retention: 'Until they expire.',
    erasure: 'delete row',
    person: ofChat,
    others: { user_id: 'delete row' },
    columns: {
      id: 'What the button carries.',
      screen_id: 'Of the message under which it stands.',
      product: 'The product that it belongs to.',
      action: 'What it does.',
      data: "Ids that the action needs; of a suggestion its words, which are a title out of the bot's knowledge.",
    },
  },
  dialogs: {
    purpose: 'Where people are in the products of a chat.',
    retention: 'Thirty days after the last step.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      product: 'The product.',
      step: 'Name of the step that gets the next message.',
      data: 'What was entered so far, encrypted with the key of the person.',
      choices: 'What may be typed in place of pressing a button.',
    },
  },
  broadcasts: {
    purpose: 'What staff have written to many people.',
    retention: 'For good.',
    erasure: 'not personal',
    // Up to whom the segment was gone through; without it that begins anew, and nobody is counted twice.
    others: { laid_after: 'clear' },
    columns: {
      bot_id: 'The bot.',
      title: 'What staff call it.',
      text: 'What it says, by language.',
      buttons: 'Labels and links.',
      campaign: 'The link that its buttons open.',
      segment: 'By what people were chosen.',
      state: 'How far it is.',
      created_by: 'A member of staff.',
      results: 'How many got it, and why others did not.',
    },
  },
  broadcast_recipients: {
    purpose: 'Who is to have what is written to many, so that each has it once.',
    retention: 'Thirty days after the last of them had it.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      state: 'Whether they had it.',
      reason: 'Why not, as a word.',
      cause_id: 'By which it is delivered once.',
    },
  },
  turned_away: {
    purpose: 'Who was not invited and told so a moment ago, so that nobody makes a bot write and write.',
    retention: 'An hour.',
    erasure: 'not personal',
    columns: { bot_id: 'The bot.', external_hash: "Keyed hash of the channel's id of the chat." },
  },
  recent_erasures: {
    purpose:
      'Whose data was erased within a day, so that nobody gets a new allowance by being forgotten time and again. It stays when the person is erased.',
    retention: 'A day.',
    erasure: 'not personal',
    columns: { channel: 'The channel.', external_hash: "Keyed hash of the channel's id of the person." },
  },
  receivers: {
    purpose: 'How updates of a bot get here.',
    retention: 'As long as the bot is there.',
    erasure: 'not personal',
    columns: { bot_id: 'The bot.', webhook_url: 'The address that the channel was given.' },
  },
  speeches: {
    purpose: 'Answers that were asked for by voice: each is spoken once.',
    retention: 'Thirty days.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { speech_id: 'What tts-worker is asked for.', state: 'How far it is.' },
  },
};
