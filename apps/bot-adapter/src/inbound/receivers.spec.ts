import { type TestApp, until } from '@switchboard/testing';
import { hear, metric, startBotAdapter } from '../../test/start-bot-adapter';
import { LUMEN, NORTHWIND, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { BotNotHere } from '../channels/channel-errors';
import { ButtonsJobs } from '../dialogs/buttons.jobs';
import { ReceiversJobs } from './receivers.jobs';
import { TurnAwayJobs } from './turn-away.jobs';

const ELSEWHERE = 'https://production.example/telegram/secret-path';

describe('where updates of a bot go', () => {
  let telegram: PretendedTelegram;
  let app: TestApp | undefined;

  beforeEach(async () => {
    telegram = await startTelegram();
  });
  afterEach(async () => {
    await app?.stop();
    await telegram.close();
  });

  const webhookOf = (token = LUMEN.token) => telegram.ask<{ url: string }>('getWebhookInfo', {}, token);
  const isElsewhere = (running: TestApp) => metric(running, 'receiving_elsewhere', 'bot="lumen"');
  const check = (running: TestApp) => running.service.nest.get(ReceiversJobs, { strict: false }).check();
  /** By webhook; the address is known only when the service listens, so its port is chosen before. */
  async function startWithWebhook(options: Parameters<typeof startBotAdapter>[1] = {}): Promise<TestApp> {
    const probe = await startBotAdapter(telegram);
    const { port } = new URL(probe.url);
    await probe.stop();
    const running = await startBotAdapter(telegram, {
      ...options,
      env: { BOT_ADAPTER_PORT: port, BOT_ADAPTER_PUBLIC_URL: `http://127.0.0.1:${port}` },
    });
    const isSet = async () =>
      (await webhookOf()).url.endsWith('/webhooks/telegram/lumen') && (await webhookOf(NORTHWIND.token)).url;
    await until(isSet, { what: 'both webhooks' });
    return running;
  }

  it('who polls with the token of another installation takes nothing away from it, and says so', async () => {
    await telegram.ask('setWebhook', { url: ELSEWHERE });
    app = await startBotAdapter(telegram);
    await hear(app, telegram.other(await telegram.person(), NORTHWIND.username), 'the other bot is heard');
    const running = app;
    await until(async () => (await isElsewhere(running)) === 1, { what: 'the metric' });
    expect((await webhookOf()).url).toBe(ELSEWHERE);
    expect(await metric(app, 'receiving_elsewhere', 'bot="northwind"')).toBe(0);
  });

  it('unless an operator says that it shall', async () => {
    await telegram.ask('setWebhook', { url: ELSEWHERE });
    app = await startBotAdapter(telegram, { env: { BOT_ADAPTER_TAKE_OVER: 'true' } });
    await hear(app, await telegram.person(), 'heard here now');
    expect((await webhookOf()).url).toBe('');
  });

  it('what is to be done for a bot that this process does not know is handed back, to be done by one that does', async () => {
    app = await startBotAdapter(telegram);
    const { nest } = app.service;
    const [receivers, presses, strangers] = [ReceiversJobs, ButtonsJobs, TurnAwayJobs].map((jobs) =>
      nest.get(jobs as never, { strict: false }),
    ) as [ReceiversJobs, ButtonsJobs, TurnAwayJobs];
    const botId = 'known-elsewhere';
    const run = { attempt: 1, isLastAttempt: false, signal: new AbortController().signal };
    await expect(receivers.setUp({ botId }, { isLastAttempt: false })).rejects.toThrow(BotNotHere);
    await expect(presses.answer(presses.seal(botId, { pressId: '1' }))).rejects.toThrow(BotNotHere);
    await expect(strangers.turnAway({ botId, who: '', hash: '' }, run)).rejects.toThrow(BotNotHere);
    // After hours it is known nowhere.
    await receivers.setUp({ botId }, { isLastAttempt: true });
  });

  it('a webhook of another installation is not replaced by ours either', async () => {
    await telegram.ask('setWebhook', { url: ELSEWHERE });
    app = await startBotAdapter(telegram, { env: { BOT_ADAPTER_PUBLIC_URL: 'https://staging.example' } });
    const running = app;
    await until(async () => (await isElsewhere(running)) === 1, { what: 'the metric' });
    expect((await webhookOf()).url).toBe(ELSEWHERE);
  });

  it('an installation that goes from webhooks to polling removes the webhook that it set itself', async () => {
    const first = await startWithWebhook();
    await first.stop({ keepDatabase: true });
    app = await startBotAdapter(telegram, { database: first.database });
    await hear(app, await telegram.person(), 'by polling now');
  });

  it('a webhook that was lost is set again, one that somebody took is told and left alone', async () => {
    app = await startWithWebhook();
    const ours = (await webhookOf()).url;
    const running = app;
    await telegram.ask('deleteWebhook', {});
    // Telegram lets a webhook be set once a second.
    await until(async () => (await check(running), (await webhookOf()).url === ours), { what: 'our webhook' });
    const taken = async () => (
      await telegram.ask('setWebhook', { url: ELSEWHERE }),
      (await webhookOf()).url === ELSEWHERE
    );
    await until(taken, { what: 'the webhook of somebody else' });
    await check(app);
    expect((await webhookOf()).url).toBe(ELSEWHERE);
    expect(await isElsewhere(app)).toBe(1);
  });

  it('updates that the channel cannot bring are seen', async () => {
    app = await startBotAdapter(telegram, { env: { BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9' } });
    await until(async () => (await webhookOf()).url, { what: 'the webhook' });
    await (await telegram.person()).say('nobody hears this');
    await until(async () => (await telegram.ask<{ last_error_date?: number }>('getWebhookInfo', {})).last_error_date, {
      what: 'an error',
    });
    await check(app);
    expect(await metric(app, 'receiving_waiting_updates', 'bot="lumen"')).toBe(1);
    expect(await metric(app, 'receiving_failed_timestamp_seconds', 'bot="lumen"')).toBeGreaterThan(1_700_000_000);
    expect(await metric(app, 'receiving_contact_timestamp_seconds', 'bot="lumen"')).toBeGreaterThan(0);
  });
});
