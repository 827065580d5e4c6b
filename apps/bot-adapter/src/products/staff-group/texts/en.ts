/** What the group of the staff is told of people who wait for them, in English. */
export const texts = {
  opened: {
    asked: '🙋 {{bot}}: {{name}} wants to be answered by a person. The assistant is silent there.',
    cannot_help: '🙋 {{bot}}: the assistant could not help {{name}}, and is silent there.',
    complaint: '🙋 {{bot}}: {{name}} has a complaint. The assistant is silent there.',
    other: '🙋 {{bot}}: {{name}} is to be answered by a person. The assistant is silent there.',
  },
  question: '💬 {{bot}}, {{name}}:\n\n{{text}}',
  file: '(With a file, which is in the conversation in the console.)',
  answerHere: '(Answer to this message, and they get it.)',
  passedOn: '✅ Passed on to who has asked.',
  taken: '✋ {{bot}}: somebody has taken this conversation in the console.',
  refused: {
    taken: 'Not sent: somebody has taken this conversation in the console.',
    closed: 'Not sent: this conversation is closed.',
  },
};

export type Texts = typeof texts;
