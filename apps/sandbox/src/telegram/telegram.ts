import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { PhoneEvents } from '../phone/phone-events';
import { phoneApi } from '../phone/phone.server';
import { BOT_API_METHODS, botApi, callFromWebhook, noSuchAddress } from './bot-api.server';
import { TelegramState } from './state';
import { TelegramContext, type TelegramOptions } from './telegram.context';
import { telegramControl } from './telegram.control';

export const telegram = defineParty({
  name: 'telegram',
  create(kit: Context, options: TelegramOptions): ThirdPartySandbox {
    const state = new TelegramState();
    const context: TelegramContext = new TelegramContext(
      state,
      kit,
      options,
      (bot, call) => void callFromWebhook(context, bot, call),
    );
    const events = new PhoneEvents(state, context.feed);
    return {
      address: '/telegram',
      mount(app) {
        app.use('/telegram', botApi(context), noSuchAddress);
        // Also at the root: telegraf resolves its paths against `apiRoot` as a browser would, and so loses the `/telegram`.
        app.use(botApi(context));
      },
      control: (router) => telegramControl(router, context),
      calls: context.calls,
      faults: {
        ...Object.fromEntries(BOT_API_METHODS.map((method) => [method, CALL_FAULTS])),
        file: CALL_FAULTS,
        updates: OUTGOING_FAULTS,
      },
      people: () => state.people.values(),
      phoneApi: { path: '/phone/api', router: phoneApi(context, events) },
      save: () => state.save(),
      restore: (saved) => context.restore(saved),
      reset: () => context.reset(),
      close() {
        context.close();
        events.close();
      },
    };
  },
});
