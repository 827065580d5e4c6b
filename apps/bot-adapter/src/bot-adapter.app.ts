import { defineBotAdapter } from './bot-adapter.module';
import { telegram } from './channels/telegram/telegram.factory';
import { assistant } from './products/assistant/assistant.module';

export const botAdapterApp = defineBotAdapter({
  channels: [telegram],
  products: [assistant],
});
