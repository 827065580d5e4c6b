import { MemoryTransport } from '@switchboard/bus';
import { CheckChannel, type KeptBot, MessageReceived } from '@switchboard/contracts';
import { keptBot, PretendedGateway, type TestApp, until } from '@switchboard/testing';
import { RetentionJobs } from '../src/retention/retention.jobs';
import { externalHash, hear, startBotAdapter } from './start-bot-adapter';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from './start-sandbox';
import { EMMA, TelegramWebhook } from './webhook';

const UNHURRIED = { flood: { burst: 10_000 } };

/** Lumen as the gateway keeps it: its token is a secret beside the description. */
const lumen = (more: Partial<KeptBot> = {}, token = LUMEN.token): KeptBot =>
  keptBot('lumen', {
    description: { name: 'Lumen', channel: { kind: 'telegram', apiRoot: 'sandbox' }, access: UNHURRIED },
    secrets: { 'channel.token': token },
    ...more,
  });

describe('bots that the gateway keeps', () => {
  let transport: MemoryTransport;
  let telegram: PretendedTelegram;
  let gateway: PretendedGateway;
  let app: TestApp | undefined;

  beforeEach(async () => {
    transport = new MemoryTransport();
    telegram = await startTelegram();
    gateway = await PretendedGateway.start([lumen()]);
  });
  afterEach(async () => {
    await app?.stop();
    gateway.stop();
    await telegram.close();
    await transport.close();
  });

  /** With no other bots than those of the gateway. */
  const start = async (env: Record<string, string> = {}, former?: TestApp) => {
    const noFiles = { BOTS_FOLDER: '', TELEGRAM_BOT_TOKEN: '' };
    app = await startBotAdapter(telegram, {
      ...{ transport, directory: gateway.directory, env: { ...noFiles, ...env } },
      ...(former && { database: former.database }),
    });
    return app;
  };
  const keep = (...bots: KeptBot[]) => gateway.keep(bots, transport);
  const reads = (phone: Phone, what: RegExp) => phone.answer(({ text }) => what.test(text ?? ''));
  const rows = <T>(sql: string, parameters: unknown[] = []) => app!.service.db.query<T[]>(sql, parameters);
  /** How many updates are held, in which a person has written. */
  const held = async ({ id }: { id: number }) => {
    const who = externalHash(id).slice(0, 16);
    return (await rows('SELECT FROM inbound_updates WHERE held AND mentioned @> ARRAY[$1]', [who])).length;
  };
  const heard = () => app!.probe.all(MessageReceived).flatMap(({ data }) => data.text ?? []);
  /** The service knows that it is paused when it says so to somebody. */
  const pause = async () => {
    keep(lumen({ state: 'paused' }));
    const witness = await telegram.person('en', LUMEN.username, 'Witness');
    await until(
      async () => {
        await witness.say('/somebody');
        return (await witness.answers()).some(({ text }) => /taking a break/.test(text ?? ''));
      },
      { what: 'the pause' },
    );
  };

  it('are heard with no file at all, and otherwise as soon as they change', async () => {
    const running = await start();
    const emma = await telegram.person();
    await hear(running, emma, 'are you there?');
    keep(lumen({ description: { ...lumen().description, menu: { own: { hours: HOURS } } } }));
    await until(
      async () => {
        await emma.say('/hours');
        return (await emma.answers()).some(({ text }) => text === 'Daily from 9 to 18');
      },
      { what: 'the new command' },
    );
    keep(lumen({}, NORTHWIND.token));
    await hear(running, telegram.other(emma, NORTHWIND.username), 'by another token');
  });

  it('are called in the sandbox as they are called here, also when the check of their token made them known to it', async () => {
    const running = await start();
    const channel = { kind: 'telegram', apiRoot: 'sandbox', username: 'shelf_bot' };
    const token = '7000000077:sandbox-shelf';
    await telegram.control('POST', 'telegram/bots', { token });
    const body = { botId: 'draft', channel, secrets: { token } };
    const { account } = await running.gateway.call(CheckChannel, { body });
    expect(account).toMatchObject({ name: 'shelf', username: 'shelf_bot', url: expect.stringMatching(/^http/) });
    const description = { name: 'The Book Shelf', channel, access: UNHURRIED };
    keep(keptBot('shelf', { description, secrets: { 'channel.token': token } }));
    const named = async () => {
      const bots = await telegram.control<{ username: string; first_name: string }[]>('GET', 'telegram/bots');
      return bots.find(({ username }) => username === 'shelf_bot')?.first_name === 'The Book Shelf';
    };
    await until(named, { what: 'its name on the phone' });
  });

  it('whose token is malformed is left out, and comes when it is mended', async () => {
    gateway.keep([lumen({}, 'nonsense')], transport);
    const running = await start();
    keep(lumen());
    await hear(running, await telegram.person(), 'mended');
  });

  it('that are paused say so now and then, and read in order what was written meanwhile when they go on', async () => {
    await start();
    const emma = await telegram.person('ru');
    await hear(app!, emma, 'before');
    await pause();
    await emma.say('first');
    await reads(emma, /перерыв/);
    await emma.say('/new');
    await emma.say('second');
    await until(async () => (await held(emma)) === 3, { what: 'all that was written' });
    expect((await emma.answers()).filter(({ text }) => /перерыв/.test(text ?? ''))).toHaveLength(1);
    expect(heard()).toEqual(['before']);
    const [update] = await rows<{ content: string }>('SELECT content FROM inbound_updates WHERE held');
    expect(update!.content).toMatch(/^r1\./);
    // However long it takes: whatever else was processed is forgotten after three days.
    app!.clock.advance(4 * 86_400_000);
    await app!.service.nest.get(RetentionJobs, { strict: false }).forgetOld();
    keep(lumen());
    await until(() => heard().length === 3, { what: 'what was written' });
    expect(heard()).toEqual(['before', 'first', 'second']);
    await until(async () => (await held(emma)) === 0, { what: 'nothing to be left' });
    await hear(app!, emma, 'and on');
  });

  it('that are paused show and delete what is kept of a person all the same', async () => {
    await start();
    const emma = await telegram.person();
    await hear(app!, emma, 'hello');
    await pause();
    await emma.say('words of mine');
    await reads(emma, /taking a break/);
    await emma.say('/privacy');
    const { message_id: screen } = await reads(emma, /What is kept about you/);
    await emma.press(screen, 'Delete what you keep about me');
    await reads(emma, /cannot be undone/);
    await emma.press(screen, 'Delete everything');
    await until(async () => (await held(emma)) === 0, { what: 'her held messages being gone' });
    keep(lumen());
    await hear(app!, await telegram.person(), 'going on');
    expect(heard()).not.toContain('words of mine');
  });

  it('that are paused answer a press with a word, and hold what is brought by webhook', async () => {
    const running = await start({ BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9' });
    const webhook = new TelegramWebhook(running);
    await until(async () => (await webhook.post({ update_id: 1 })).status === 200, { what: 'the channel' });
    await webhook.message({ text: '/voice' });
    const { id } = await until(
      async () => (await rows<{ id: string }>(`SELECT id FROM buttons WHERE product = 'assistant'`))[0],
      { what: 'buttons' },
    );
    keep(lumen({ state: 'paused' }));
    await until(async () => (await webhook.message({ text: 'are you there?' }), (await held(EMMA)) > 0), {
      what: 'the pause',
    });
    await webhook.bring({
      callback_query: {
        id: 'p1',
        from: EMMA,
        data: id,
        chat_instance: '1',
        message: { message_id: 5, date: 1, chat: { id: EMMA.id, type: 'private' } },
      },
    });
    await until(
      async () =>
        (await telegram.calls('answerCallbackQuery')).some(({ params }) => /press it again/.test(params.text ?? '')),
      { what: 'the answer to the press' },
    );
    const before = heard().length;
    keep(lumen());
    await until(async () => (await held(EMMA)) === 0 && heard().length > before, { what: 'what was held' });
  });

  it('that are archived receive nothing, lose their webhook, and get it back when they are restored', async () => {
    const webhookOf = () => telegram.ask<{ url: string }>('getWebhookInfo', {});
    const ours = 'http://127.0.0.1:9/webhooks/telegram/lumen';
    await start({ BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9' });
    await until(async () => (await webhookOf()).url === ours, { what: 'the webhook' });
    keep(lumen({ state: 'archived' }));
    await until(async () => (await webhookOf()).url === '', { what: 'the webhook being removed' });
    expect((await new TelegramWebhook(app!).post({ update_id: 1 })).status).toBe(404);
    keep(lumen());
    // Telegram lets a webhook be set once a second.
    await until(async () => (await webhookOf()).url === ours, { what: 'the webhook being set again' });
  });

  it('that are archived while Telegram is away lose their webhook when it is back, also after a restart', async () => {
    const webhookOf = () => telegram.ask<{ url: string }>('getWebhookInfo', {});
    const env = { BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9' };
    const first = await start(env);
    await until(async () => (await webhookOf()).url !== '', { what: 'the webhook' });
    await telegram.misbehave({ target: 'telegram.deleteWebhook', kind: '500', times: 1000 });
    keep(lumen({ state: 'archived' }));
    await until(async () => (await telegram.calls('deleteWebhook')).length > 0, { what: 'the first try' });
    await first.stop({ keepDatabase: true });
    await telegram.misbehave();
    await start(env, first);
    await until(async () => (await webhookOf()).url === '', { what: 'the webhook being removed' });
  });
});

const HOURS = { en: { description: 'When we are open', text: 'Daily from 9 to 18' } };
