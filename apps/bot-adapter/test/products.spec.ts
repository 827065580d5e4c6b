import { assistant } from '../src/products/assistant/assistant.module';
import { survey } from '../src/products/survey/survey.module';
import { productContract } from './product.contract';
import { externalHash } from './start-bot-adapter';
import { vpnShop } from '../src/products/vpn-shop/vpn-shop.module';
import { books } from './products/books/books.module';
import { BooksProduct } from './products/books/books.product';

describe('the assistant', () =>
  productContract({
    name: 'assistant',
    definition: assistant,
    keeps: [/what we say to each other.*90 days/, /language models/],
    menus: [
      { command: '/voice', button: 'Text and voice', shows: /answer by voice/ },
      { command: '/language', button: 'Русский', shows: /На каком языке/ },
    ],
    keyboards: [],
    dialogs: [],
    questions: [],
  }));

describe('the survey', () =>
  productContract({
    name: 'survey',
    definition: survey,
    keeps: [],
    menus: [{ command: '/feedback', button: '9', shows: /You said 9 of 10/ }],
    keyboards: [],
    dialogs: [],
    questions: [],
  }));

describe('a product of somebody else', () =>
  productContract({
    name: 'books',
    definition: books,
    keeps: [/the books on your shelf/],
    prepare: async ({ service }, { id, chat }) => {
      const [found] = await service.db.query<{ chatId: string; userId: string }[]>(
        `SELECT chats.id AS "chatId", people.user_id AS "userId" FROM chats, people
         WHERE chats.external_hash = $1 AND people.external_hash = $2`,
        [externalHash(chat), externalHash(id)],
      );
      const product = service.nest.get(BooksProduct, { strict: false });
      await service.db.transaction(async (tx) => {
        for (const title of ['One', 'Two', 'Three']) await product.put(tx, { ...found!, title, year: 1984 });
      });
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
            `SELECT 3 - count(*)::int AS n FROM books WHERE chat_id = (SELECT id FROM chats WHERE external_hash = $1)`,
            [externalHash(chat)],
          );
          return row!.n;
        },
      },
    ],
    dialogs: [{ command: '/addbook', answers: ['Dune', 'long ago', '1965'], ends: /Put on the shelf: Dune, 1965/ }],
  }));

describe('the VPN shop', () =>
  productContract({
    name: 'vpn-shop',
    definition: vpnShop,
    keeps: [/under which message an order.*30 days/, /payment service alone/],
    menus: [{ command: '/language', button: 'Русский', shows: /На каком языке/ }],
    keyboards: [],
    dialogs: [],
    questions: [],
  }));
