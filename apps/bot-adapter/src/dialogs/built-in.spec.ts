import { Injectable, Module } from '@nestjs/common';
import type { TestApp } from '@switchboard/testing';
import { books } from '../../test/products/books/books.module';
import { BOTS, startBotAdapter } from '../../test/start-bot-adapter';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { defineBotAdapter } from '../bot-adapter.module';
import { telegram as telegramChannel } from '../channels/telegram/telegram.factory';
import { Catalogue } from '../texts/catalogue';
import type { Conversation } from './conversation';
import { DialogsModule } from './dialogs.module';
import { defineProduct, type Product } from './product';
import { ProductRouter } from './product-router.service';

/** Has privacy rules of its own, and nothing else. */
@Injectable()
class LawyerProduct implements Product {
  readonly name = 'lawyer';
  readonly texts = new Catalogue(this.name, `${__dirname}/../texts/shared`);
  readonly commands = {
    privacy: (conversation: Conversation, argument: string) => conversation.send({ text: `Our rules ${argument}` }),
  };
  constructor(router: ProductRouter) {
    router.register(this);
  }
}

@Module({ imports: [DialogsModule], providers: [LawyerProduct] })
class LawyerModule {}

describe('what every bot has', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram, {
      app: defineBotAdapter({
        channels: [telegramChannel],
        products: [books, defineProduct({ module: LawyerModule })],
      }),
      bots: {
        lumen: {
          ...BOTS['lumen'],
          products: ['books', 'lawyer'],
          menu: { own: { help: { en: { description: 'Who helps', text: 'Ask the porter.' } } } },
        },
        northwind: {
          ...BOTS['northwind'],
          products: ['books'],
          menu: { commands: ['books', 'privacy'] },
          texts: { en: { 'shared.start': 'Ahoy, {{name}}!', 'books.commands.books': 'The shelf' } },
        },
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const reads = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const menuOf = (id: string, language = 'en') => {
    const router = app.service.nest.get(ProductRouter, { strict: false });
    return router.menuOf({ id, products: id === 'lumen' ? ['books', 'lawyer'] : ['books'] } as never, language);
  };

  it("gives way to a product's own command, and to one that the bot's file describes", async () => {
    const emma = await telegram.person('en', LUMEN.username);
    await emma.say('/privacy of tomorrow');
    await reads(emma, /^Our rules of tomorrow$/);
    await emma.say('/help');
    await reads(emma, /^Ask the porter\.$/);
    expect(menuOf('lumen').map(({ name }) => name)).toEqual([
      'books',
      'desk',
      'addbook',
      'privacy',
      'start',
      'help',
      'language',
      'account',
    ]);
    expect(menuOf('lumen').find(({ name }) => name === 'help')!.description).toBe('Who helps');
  });

  it('is said as the bot wants it, and listed as its menu says; what is not listed works all the same', async () => {
    const emma = await telegram.person('en', NORTHWIND.username);
    await emma.start();
    await reads(emma, /^Ahoy, Emma!\n\nWhat I can do:\n\n\/books – The shelf\n\/privacy – What I keep about you$/);
    await emma.say('/language');
    await reads(emma, /Which language/);
    expect(menuOf('northwind', 'ru')).toEqual([
      { name: 'books', description: 'Мои книги' },
      { name: 'privacy', description: 'Что я о вас храню' },
    ]);
  });

  it('invites nobody to send files that no product reads', async () => {
    const emma = await telegram.person('en', NORTHWIND.username);
    await emma.start();
    await emma.sendFile('voice', Buffer.from('OggS'), { mimeType: 'audio/ogg', duration: 4 });
    await reads(emma, /^I cannot listen to voice messages here\. What I understand: text\.$/);
  });
});
