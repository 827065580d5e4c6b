/** What the survey says in English. */
export const texts = {
  question: 'How likely are you to recommend {{bot}} to a friend? 0: not at all, 10: certainly.',
  rarely: 'This is asked once in three months at most.',
  thanks: 'Thank you! You said {{score}} of 10.',
  csat: {
    question: 'How content are you with how you were helped? 1: not at all, 5: very much.',
    thanks: 'Thank you! You said {{score}} of 5.',
  },
  commands: {
    feedback: 'Rate me',
  },
};

export type Texts = typeof texts;
