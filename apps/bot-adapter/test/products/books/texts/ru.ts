import type { Texts } from './en';

export const texts: Texts = {
  shelf: 'Ваши книги ({{count}}):',
  empty: 'Полка пуста. /addbook поставит на неё книгу.',
  book: '{{title}}, {{year}}',
  remove: 'Убрать',
  sure: 'Убрать «{{title}}» насовсем?',
  removed: 'Убрано.',
  title: 'Как называется книга?',
  year: 'Когда напечатана «{{title}}»?',
  noYear: 'В годе четыре цифры. Когда она напечатана?',
  added: 'На полке: {{title}}, {{year}}.',
  invited: 'Вас пригласили прочитать «{{title}}».',
  desk: 'Что угодно?',
  mine: 'Мои книги, пожалуйста',
  commands: { books: 'Мои книги', addbook: 'Добавить книгу', desk: 'Клавиатура' },
};
