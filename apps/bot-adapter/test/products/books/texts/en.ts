export const texts = {
  shelf: 'Your books ({{count}}):',
  empty: 'Your shelf is empty. /addbook puts a book on it.',
  book: '{{title}}, {{year}}',
  remove: 'Remove',
  library: 'Library',
  sure: { question: 'Remove “{{title}}” for good?', yes: 'Yes', no: 'No' },
  removed: 'Removed.',
  title: 'What is the book called?',
  year: 'When was “{{title}}” printed?',
  noYear: 'A year has four digits. When was it printed?',
  added: 'Put on the shelf: {{title}}, {{year}}.',
  invited: 'You were invited to read “{{title}}”.',
  desk: 'What shall it be?',
  mine: 'My books, please',
  kept: 'the books on your shelf: until you remove them',
  commands: { books: 'My books', addbook: 'Add a book', desk: 'A keyboard' },
};
export type Texts = typeof texts;
