import type { Conversation } from './conversation';
import { ScreensService } from './screens.service';

describe('a screen', () => {
  it('with a button that asks for money is refused where no payment would ever be confirmed', async () => {
    const channels = { find: () => ({ capabilities: { buttons: true } }) };
    const nothing = undefined as never;
    const screens = new ScreensService(
      ...[nothing, channels as never, nothing],
      ...[nothing, nothing, nothing, nothing, nothing],
    );
    const conversation = { product: { name: 'shop' }, context: { bot: { id: 'lumen' } } } as unknown as Conversation;
    const invoice = { title: 'Tea', description: 'A cup', payload: 'order-1', currency: 'XTR', amountMinor: 5 };
    const screen = { text: 'A cup of tea', buttons: [[{ label: 'Pay', invoice }]] };
    await expect(screens.show(conversation, screen, { inPlace: false })).rejects.toThrow(
      'the product shop asks for money by a button, which the channel of the bot lumen cannot take',
    );
  });
});
