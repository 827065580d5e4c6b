import { defineBotAdapter } from './bot-adapter.module';
import { telegram } from './channels/telegram/telegram.factory';
import { assistant } from './products/assistant/assistant.module';
import { survey } from './products/survey/survey.module';
import { vpnShop } from './products/vpn-shop/vpn-shop.module';

export const botAdapterApp = defineBotAdapter({
  channels: [telegram],
  products: [assistant, survey, vpnShop],
});
