import { defineBotAdapter } from './bot-adapter.module';
import { instagram } from './channels/instagram/instagram.factory';
import { telegram } from './channels/telegram/telegram.factory';
import { assistant } from './products/assistant/assistant.module';
import { staffGroup } from './products/staff-group/staff-group.module';
import { survey } from './products/survey/survey.module';
import { vpnShop } from './products/vpn-shop/vpn-shop.module';

export const botAdapterApp = defineBotAdapter({
  channels: [telegram, instagram],
  products: [assistant, staffGroup, survey, vpnShop],
});
