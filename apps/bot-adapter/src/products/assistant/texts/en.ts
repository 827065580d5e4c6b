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
  language: 'Which language shall I speak?',
  privacy:
    'What is kept about you, and how long:\n\n• your name, your id in this messenger and your settings: until you have them deleted;\n• what we say to each other, so that I remember it, and what you think of my answers: {{talk}} days from your last message, or from /new;\n• what I have sent, and files you have sent: {{files}} days;\n• a message that could not be processed: {{failed}} days;\n• answers read aloud: {{voices}} days after they were last asked for;\n• what my answers have cost: {{costs}} days;\n• that you had everything deleted, with a keyed hash of your id: one day.\n\nYour name, your id and all texts are encrypted: with a key of your own, or, in a message that could not be processed and on the way between the parts of this service, with a key of the service. Files are not encrypted. To answer you, what you write and send is passed to language models, in groups with the name you show there: to the one that writes the answers, to another one when it fails, and to one that searches what I know. What you say aloud goes to one that turns it into text, and answers that you want to hear go to one that speaks. Some of them may be run by other companies; who runs this bot can tell which. Nobody else gets anything.',
  erase: {
    offer: 'Delete what you keep about me',
    question:
      'Your name, id and settings, everything we have said to each other here and in groups, your files and your key are deleted. Of what is encrypted with your key, copies in backups can be read no more. Copies of files, of messages that could not be processed and of what was on its way when a backup was made stay until that backup is deleted. What answers have cost stays, without saying for whom. What you see in this messenger stays until you delete it there.\n\nIt takes a few minutes and cannot be undone. If you write again, we meet for the first time.',
    yes: 'Delete everything',
    no: 'Keep it',
    begun: 'Everything that is kept about you is being deleted. In a few minutes nothing of it will be left.',
    later:
      'Everything can be deleted once a day, and less than a day ago it was. What is kept about you since will be deleted on {{time}}.',
    kept: 'Nothing was deleted.',
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
    voice: 'Spoken answers',
    language: 'Language',
    privacy: 'What I keep about you',
  },
};

export type Texts = typeof texts;
