import { defineTexts } from '@switchboard/ui';

export const useExportTexts = defineTexts({
  en: {
    title: 'Exports',
    about: 'Boards that you have saved as files. A file is there for a day.',
    file: 'File',
    state: 'State',
    states: { waiting: 'Waits', running: 'Is being written', done: 'Ready', failed: 'Failed', expired: 'Gone' },
    rows: 'Rows',
    size: 'Size',
    asked: 'Asked for',
    until: 'There until',
    why: 'What this means',
    boards: 'To the boards',
    none: 'No board was saved as a file yet',
    noneText: 'Open a board and press "Save as a file".',
  },
  ru: {
    title: 'Выгрузки',
    about: 'Доски, которые вы сохранили в файл. Файл хранится день.',
    file: 'Файл',
    state: 'Состояние',
    states: { waiting: 'Ждёт', running: 'Пишется', done: 'Готов', failed: 'Не удалось', expired: 'Удалён' },
    rows: 'Строк',
    size: 'Размер',
    asked: 'Запрошен',
    until: 'Хранится до',
    why: 'Что это значит',
    boards: 'К доскам',
    none: 'Ни одна доска ещё не сохранена в файл',
    noneText: 'Откройте доску и нажмите «Сохранить файлом».',
  },
});
