import { Module } from '@nestjs/common';
import { DialogsModule } from '../../../src/dialogs/dialogs.module';
import { defineProduct } from '../../../src/dialogs/product';
import { Book } from './book.entity';
import { BooksProduct } from './books.product';
import { CreateBooks1764200000000 } from './create-books';

@Module({ imports: [DialogsModule], providers: [BooksProduct] })
export class BooksModule {}

export const books = defineProduct({
  module: BooksModule,
  entities: [Book],
  migrations: [CreateBooks1764200000000],
  dataMap: {
    books: {
      purpose: 'The shelf of a chat.',
      retention: 'Until the person removes the book.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { chat_id: 'The chat.', title: 'What the person called it, encrypted with their key.' },
    },
  },
});
