import { Injectable, Module } from '@nestjs/common';
import { join } from 'node:path';
import { z } from 'zod';
import type { Conversation } from '../../../src/dialogs/conversation';
import { DialogsModule } from '../../../src/dialogs/dialogs.module';
import { action, type Product, step } from '../../../src/dialogs/product';
import { ProductRouter } from '../../../src/dialogs/product-router.service';
import { confirm, list } from '../../../src/dialogs/screen';
import { Catalogue, shared } from '../../../src/texts/catalogue';

interface Book {
  id: number;
  title: string;
  year: number;
}

/** A shelf of books: a list with pages, a form of two steps, a question that is answered once. */
@Injectable()
export class BooksProduct implements Product {
  readonly name = 'books';
  readonly texts = new Catalogue(this.name, join(__dirname, 'texts'));

  readonly commands = {
    books: (conversation: Conversation) => this.shelf(conversation, 0),
    desk: (conversation: Conversation) =>
      conversation.send({
        text: conversation.say('desk'),
        keyboard: { rows: [[{ label: conversation.say('mine'), action: 'page', data: { page: 0 } }]] },
      }),
    addbook: (conversation: Conversation) => conversation.ask('title', { text: conversation.say('title') }),
  };

  readonly steps = {
    title: step(async (conversation, { text = '' }) =>
      conversation.ask('year', { text: conversation.say('year', { title: text }) }, { title: text }),
    ),
    year: step(z.object({ title: z.string() }), async (conversation, { text = '' }, { title }) => {
      const year = /^\d{4}$/.test(text) ? Number(text) : undefined;
      if (!year) return conversation.ask('year', { text: conversation.say('noYear') }, { title });
      await conversation.finish();
      await conversation.tx.query('INSERT INTO test_books (chat_id, title, year) VALUES ($1, $2, $3)', [
        conversation.chat.id,
        title,
        year,
      ]);
      await conversation.send({ text: conversation.say('added', { title, year }) });
    }),
  };

  readonly actions = {
    page: action(z.object({ page: z.int() }), (conversation, { page }) => this.shelf(conversation, page)),
    book: action(z.object({ id: z.int() }), async (conversation, { id }) => {
      const book = await this.find(conversation, id);
      if (!book) return this.shelf(conversation, 0);
      await conversation.show({
        text: conversation.say('book', { ...book }),
        buttons: [
          [{ label: conversation.say('remove'), action: 'ask', data: { id } }],
          [{ label: 'Library', url: 'https://library.example' }],
        ],
      });
    }),
    ask: action(z.object({ id: z.int() }), async (conversation, { id }) => {
      const book = await this.find(conversation, id);
      const yes = { label: shared.say('en', 'yes'), action: 'remove', data: { id } };
      const no = { label: shared.say('en', 'no'), action: 'page', data: { page: 0 } };
      await conversation.show(confirm(conversation.say('sure', { title: book?.title ?? '' }), yes, no));
    }),
    remove: action(z.object({ id: z.int() }), async (conversation, { id }) => {
      await conversation.tx.query('DELETE FROM test_books WHERE id = $1', [id]);
      await conversation.tx.query('INSERT INTO test_removals (book_id) VALUES ($1)', [id]);
      conversation.toast(conversation.say('removed'));
      await this.shelf(conversation, 0);
    }),
  };

  constructor(router: ProductRouter) {
    router.register(this);
  }

  async start(conversation: Conversation, payload: string): Promise<boolean> {
    const [, title] = /^read_(.+)$/.exec(payload) ?? [];
    if (!title) return false;
    await conversation.send({ text: conversation.say('invited', { title }) });
    return true;
  }

  private async shelf(conversation: Conversation, page: number): Promise<void> {
    const items = await conversation.tx.query<Book[]>(
      'SELECT id, title, year FROM test_books WHERE chat_id = $1 ORDER BY id',
      [conversation.chat.id],
    );
    if (items.length === 0) return conversation.show({ text: conversation.say('empty') });
    await conversation.show(
      list({
        text: conversation.say('shelf', { count: items.length }),
        items,
        page,
        perPage: 2,
        button: ({ id, title }) => ({ label: title, action: 'book', data: { id } }),
        turnTo: (to) => ({ action: 'page', data: { page: to } }),
      }),
    );
  }

  private async find({ tx }: Conversation, id: number): Promise<Book | undefined> {
    const [book] = await tx.query<Book[]>('SELECT id, title, year FROM test_books WHERE id = $1', [id]);
    return book;
  }
}

@Module({ imports: [DialogsModule], providers: [BooksProduct] })
export class BooksModule {}

/** What a product of the house would have as a migration. */
export const BOOKS_TABLES = `
  CREATE TABLE IF NOT EXISTS test_books (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, chat_id uuid, title text, year int);
  CREATE TABLE IF NOT EXISTS test_removals (book_id int);
`;
