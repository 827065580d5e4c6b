/** What people read in English; the shape that every other language has to have. */
export const en = {
  start: {
    greeting: 'Hello, {{name}}! I am {{bot}}.',
    about:
      'Write to me in your own words, send a voice message, a photo or a document, and I will answer. /help tells what else I can do.',
    link: 'You came by the link “{{link}}”.',
  },
  help: 'Ask me anything: by text, by voice, with a photo or a document.\n\n/new – begin a new conversation\n/voice – spoken answers on or off\n/language – my language\n/privacy – what I keep about you\n\nIn groups I answer when you mention me or reply to me.',
  new: 'All right, a fresh start: what we said before no longer counts.',
  voice: {
    title: 'Shall I also answer by voice?',
    off: 'Text only',
    also: 'Text and voice',
  },
  language: 'Which language shall I speak?',
  privacy:
    'What I keep about you:\n\n• your name and Telegram id, as long as you use this bot;\n• our conversation, so that I remember what we talk about; /new makes me forget its context;\n• answers and files that passed through me: {{days}} days.\n\nNames and texts are stored encrypted. Your messages are passed to the language model that writes the answers, and to nobody else.',
  unknownCommand: 'I do not know this command. /help tells what I can do.',
  unsupported: 'I cannot read this kind of message yet. Text, voice messages, photos and documents are fine.',
  menuOutdated: 'This menu is out of date. Please open it again.',
  saved: 'Saved',
  emptyAnswer: 'I have no answer to that. Please put it in other words.',
  listen: '🔊 Listen',
  speech: {
    requested: 'I am recording it…',
    already: 'The voice message is on its way or already here.',
    nothing: 'There is nothing to read aloud here.',
    failed: {
      nothing_to_say: 'There was nothing to read aloud in this answer.',
      too_long: 'This answer is too long to be read aloud.',
      budget_exhausted: 'No more can be read aloud for now. I go on answering in writing.',
      engine_failed: 'I could not record the voice message. Please try again later.',
      storage_failed: 'I could not record the voice message. Please try again later.',
      other: 'I could not record the voice message. Please try again later.',
    },
  },
  transcription: {
    not_configured: 'I cannot understand voice messages here yet. Please type your message.',
    nothing_heard: 'I could not hear any words in this voice message. Please try again or type.',
    too_large: 'This voice message is too long for me. Please send a shorter one.',
    media_gone: 'I could not get this voice message from Telegram. Please send it again.',
    budget_exhausted: 'I cannot listen to more voice messages for now. Please type your message.',
    engine_failed: 'I could not understand this voice message just now. Please try again later or type.',
    other: 'I could not understand this voice message. Please type your message.',
  },
  commands: {
    start: 'Begin',
    help: 'What I can do',
    new: 'New conversation',
    voice: 'Spoken answers',
    language: 'Language',
    privacy: 'What I keep about you',
  },
};

export type Texts = typeof en;
