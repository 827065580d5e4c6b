import { Injectable } from '@nestjs/common';
import { PersonalData } from '@switchboard/service-kit';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Conversation } from '../../../src/dialogs/conversation';
import { action, type PrivacyNotes, type Product, step } from '../../../src/dialogs/product';
import { ProductRouter } from '../../../src/dialogs/product-router.service';
import { confirm, list } from '../../../src/dialogs/screen';
import { Catalogue } from '../../../src/texts/catalogue';
import { Book } from './book.entity';

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
      const { tx, chat, context } = conversation;
      await this.put(tx, { chatId: chat.id, userId: context.contact.userId, title, year });
      await conversation.send({ text: conversation.say('added', { title, year }) });
    }),
  };

  readonly actions = {
    page: action(z.object({ page: z.int() }), (conversation, { page }) => this.shelf(conversation, page)),
    book: action(z.object({ id: z.uuid() }), async (conversation, { id }) => {
      const book = await this.find(conversation, id);
      if (!book) return this.shelf(conversation, 0);
      await conversation.show({
        text: conversation.say('book', { title: book.title, year: book.year }),
        buttons: [
          [{ label: conversation.say('remove'), action: 'ask', data: { id } }],
          [{ label: conversation.say('library'), url: 'https://library.example' }],
        ],
      });
    }),
    ask: action(z.object({ id: z.uuid() }), async (conversation, { id }) => {
      const book = await this.find(conversation, id);
      if (!book) return this.shelf(conversation, 0);
      const yes = { label: conversation.say('sure.yes'), action: 'remove', data: { id } };
      const no = { label: conversation.say('sure.no'), action: 'page', data: { page: 0 } };
      await conversation.show(confirm(conversation.say('sure.question', { title: book.title }), yes, no));
    }),
    remove: action(z.object({ id: z.uuid() }), async (conversation, { id }) => {
      await conversation.tx.delete(Book, { id, chatId: conversation.chat.id });
      conversation.toast(conversation.say('removed'));
      await this.shelf(conversation, 0);
    }),
  };

  constructor(
    private readonly personal: PersonalData,
    router: ProductRouter,
  ) {
    router.register(this);
  }

  privacy(conversation: Conversation): PrivacyNotes {
    return { kept: [conversation.say('kept')] };
  }

  async start(conversation: Conversation, payload: string): Promise<boolean> {
    const [, title] = /^read_(.+)$/.exec(payload) ?? [];
    if (!title) return false;
    await conversation.send({ text: conversation.say('invited', { title }) });
    return true;
  }

  async put(tx: EntityManager, book: Omit<Book, 'id'>): Promise<void> {
    const row = { ...book, id: uuidv7() };
    await tx.insert(Book, { ...row, ...(await this.personal.encrypt(tx, rowOf(row), { title: row.title })) });
  }

  private async shelf(conversation: Conversation, page: number): Promise<void> {
    const { tx, chat } = conversation;
    const items = await this.read(tx, await tx.find(Book, { where: { chatId: chat.id }, order: { id: 'ASC' } }));
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

  private async find({ tx, chat }: Conversation, id: string): Promise<Book | undefined> {
    const [book] = await this.read(tx, await tx.findBy(Book, { id, chatId: chat.id }));
    return book;
  }

  /** What was erased in the meantime has no title any more. */
  private async read(tx: EntityManager, rows: readonly Book[]): Promise<Book[]> {
    const values = rows.map((book) => ({ row: rowOf(book), values: { title: book.title } }));
    const read = await this.personal.decryptAll(tx, values);
    return rows.flatMap((book, i) => {
      const { title } = read[i]!;
      return title == null ? [] : [{ ...book, title }];
    });
  }
}

const rowOf = ({ id, userId }: Pick<Book, 'id' | 'userId'>) => ({ table: 'books', id, userId });
