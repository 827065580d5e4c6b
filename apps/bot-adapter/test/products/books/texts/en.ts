export const texts = {
  shelf: 'Your books ({{count}}):',
  empty: 'Your shelf is empty. /addbook puts a book on it.',
  book: '{{title}}, {{year}}',
  remove: 'Remove',
  sure: 'Remove “{{title}}” for good?',
  removed: 'Removed.',
  title: 'What is the book called?',
  year: 'When was “{{title}}” printed?',
  noYear: 'A year has four digits. When was it printed?',
  added: 'Put on the shelf: {{title}}, {{year}}.',
  invited: 'You were invited to read “{{title}}”.',
  commands: { books: 'My books', addbook: 'Add a book' },
};
export type Texts = typeof texts;
