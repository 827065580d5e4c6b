import type { Texts } from './en';

export const texts: Texts = {
  shelf: 'Ваши книги ({{count}}):',
  empty: 'Полка пуста. /addbook поставит на неё книгу.',
  book: '{{title}}, {{year}}',
  remove: 'Убрать',
  library: 'Библиотека',
  sure: { question: 'Убрать «{{title}}» насовсем?', yes: 'Да', no: 'Нет' },
  removed: 'Убрано.',
  title: 'Как называется книга?',
  year: 'Когда напечатана «{{title}}»?',
  noYear: 'В годе четыре цифры. Когда она напечатана?',
  added: 'На полке: {{title}}, {{year}}.',
  invited: 'Вас пригласили прочитать «{{title}}».',
  desk: 'Что угодно?',
  mine: 'Мои книги, пожалуйста',
  kept: 'книги на вашей полке: пока вы их не уберёте',
  commands: { books: 'Мои книги', addbook: 'Добавить книгу', desk: 'Клавиатура' },
};
