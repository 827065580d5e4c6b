/** What the assistant says in English. */
export const texts = {
  start: {
    greeting: 'Hello, {{name}}! I am {{bot}}.',
    about:
      'Write to me in your own words, and I will answer. What I understand: {{kinds}}. /help tells what else I can do.',
    link: 'You came by the link “{{link}}”.',
  },
  help: 'Ask me anything. What I understand: {{kinds}}.\n\n{{commands}}\n\nIn groups I answer when you mention me or reply to me.',
  new: 'All right, a fresh start: what we said before no longer counts.',
  voice: {
    title: 'Shall I also answer by voice?',
    off: 'Text only',
    also: 'Text and voice',
  },
  language: 'Which language shall I speak?',
  privacy:
    'What I keep about you:\n\n• your name and your id in this messenger, as long as you use this bot;\n• our conversation, so that I remember what we talk about; /new makes me forget its context;\n• answers and files that passed through me: {{days}} days.\n\nNames and texts are stored encrypted. Your messages are passed to the language model that writes the answers, and to nobody else.',
  stop: '■ Stop',
  stopping: 'I stop here.',
  again: 'I think again…',
  rated: 'Thank you!',
  saved: 'Saved',
  commands: {
    start: 'Begin',
    help: 'What I can do',
    new: 'New conversation',
    voice: 'Spoken answers',
    language: 'Language',
    privacy: 'What I keep about you',
  },
};

export type Texts = typeof texts;
