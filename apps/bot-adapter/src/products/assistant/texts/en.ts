/** What the assistant says in English. */
export const texts = {
  start: {
    greeting: 'Hello, {{name}}! I am {{bot}}.',
    about:
      'Write to me in your own words, and I will answer. What I understand: {{kinds}}. /help tells what else I can do.',
    link: 'You came by the link “{{link}}”.',
  },
  help: 'Ask me anything. What I understand: {{kinds}}.\n\n{{commands}}\n\nIn groups I answer when you mention me or reply to me.',
  new: 'All right, a fresh start: what we said before no longer counts. It is deleted in {{days}} days, or now by /privacy.',
  voice: {
    title: 'Shall I also answer by voice?',
    off: 'Text only',
    also: 'Text and voice',
  },
  privacy: {
    talk: 'what we say to each other, so that I remember it, and what you think of my answers: {{days}} days from your last message, or from /new',
    voices: 'answers read aloud: {{days}} days after they were last asked for',
    costs: 'what my answers have cost: {{days}} days',
    passedOn:
      'To answer you, what you write and send is passed to language models, in groups with the name you show there: to the one that writes the answers, to another one when it fails, and to one that searches what I know. What you say aloud goes to one that turns it into text, and answers that you want to hear go to one that speaks. Some of them may be run by other companies; who runs this bot can tell which.',
  },
  resume: 'I answer again.',
  confirm: {
    yes: 'Yes',
    no: 'No',
    confirmed: 'I am on it…',
    declined: 'All right',
  },
  stop: '■ Stop',
  stopping: 'I stop here.',
  again: 'I think again…',
  rated: 'Thank you!',
  saved: 'Saved',
  commands: {
    start: 'Begin',
    help: 'What I can do',
    new: 'New conversation',
    resume: 'Go on with the bot after a human',
    voice: 'Spoken answers',
  },
};

export type Texts = typeof texts;
