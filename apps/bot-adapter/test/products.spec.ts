import { AssistantModule } from '../src/products/assistant/assistant.module';
import { productContract } from './product.contract';
import { externalHash } from './start-bot-adapter';
import { BOOKS_TABLES, BooksModule } from './products/books/books.module';

describe('the assistant', () =>
  productContract({
    name: 'assistant',
    module: AssistantModule,
    menus: [
      { command: '/voice', button: 'Text and voice', shows: /answer by voice/ },
      { command: '/language', button: 'Русский', shows: /На каком языке/ },
    ],
    keyboards: [],
    dialogs: [],
    questions: [],
  }));

describe('a product of somebody else', () =>
  productContract({
    name: 'books',
    module: BooksModule,
    prepare: async ({ service }, { chat }) => {
      await service.db.query(BOOKS_TABLES);
      await service.db.query(
        `INSERT INTO test_books (chat_id, title, year) SELECT id, title, 1984 FROM chats, unnest(ARRAY['One', 'Two', 'Three']) title
         WHERE external_hash = $1`,
        [externalHash(chat)],
      );
    },
    menus: [{ command: '/books', button: '›', shows: /Your books \(3\)/ }],
    keyboards: [{ command: '/desk', key: 'My books, please', shows: /Your books \(3\)/ }],
    questions: [
      {
        command: '/books',
        path: ['One', 'Remove'],
        yes: 'Yes',
        no: 'No',
        done: async ({ service }, { chat }) => {
          const [row] = await service.db.query<{ n: number }[]>(
            `SELECT 3 - count(*)::int AS n FROM test_books WHERE chat_id = (SELECT id FROM chats WHERE external_hash = $1)`,
            [externalHash(chat)],
          );
          return row!.n;
        },
      },
    ],
    dialogs: [{ command: '/addbook', answers: ['Dune', 'long ago', '1965'], ends: /Put on the shelf: Dune, 1965/ }],
  }));
