import { type TestApp, until } from '@switchboard/testing';
import { BotsRegistry } from '@switchboard/service-kit';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { botsFolder, hear, inSandbox, startBotAdapter, writeBots } from './start-bot-adapter';
import { LUMEN, NORTHWIND, type PretendedTelegram, startTelegram } from './start-sandbox';

it('a bot that cannot work is a clear mistake at the start', async () => {
  const bots = { lumen: { name: 'Lumen', channel: { kind: 'telegram', apiRoot: 'sandbox', token: 'secret' } } };
  await expect(startBotAdapter({ apiRoot: 'http://127.0.0.1:9' }, { bots })).rejects.toThrow(/form <id>:<secret>/);
});

/** How many descriptions alarm. */
async function broken({ url }: TestApp): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^bot_descriptions_broken\S* (\d+)$/m.exec(metrics)?.[1]);
}

describe('bots', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let folder: string;

  beforeAll(async () => {
    telegram = await startTelegram();
    folder = botsFolder({ lumen: { name: 'Lumen', channel: inSandbox(LUMEN), access: { flood: { burst: 1000 } } } });
    app = await startBotAdapter(telegram, { env: { BOTS_FOLDER: folder } });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const describeBot = async (id: string, description: object) => {
    writeBots(folder, { [id]: description });
    await app.service.nest.get(BotsRegistry, { strict: false }).refresh();
  };
  const menuIn = async (language: string) => {
    const calls = await telegram.calls('setMyCommands');
    const last = calls.findLast(({ params }) => (params as { language_code?: string }).language_code === language);
    return (
      (last?.params as unknown as { commands: { command: string; description: string }[] } | undefined)?.commands ?? []
    );
  };

  it('that are added are heard, those that are removed are not, and nobody has to restart for it', async () => {
    const emma = telegram.other(await telegram.person(), NORTHWIND.username);
    await describeBot('northwind', { name: 'Northwind', channel: inSandbox(NORTHWIND) });
    expect((await hear(app, emma, 'are you there?')).data.botId).toBe('northwind');
    rmSync(join(folder, 'northwind.json'));
    await app.service.nest.get(BotsRegistry, { strict: false }).refresh();
    await emma.say('nobody is here');
    const [update] = await telegram.ask<{ message: { text: string } }[]>('getUpdates', { timeout: 0 }, NORTHWIND.token);
    expect(update?.message.text).toBe('nobody is here');
  });

  it('speak as they are described: greeting, commands, languages; and otherwise from the moment that changes', async () => {
    const channel = inSandbox(LUMEN);
    const own = {
      hours: {
        en: { description: 'When we are open', text: '**Daily** from 9 to 18' },
        ru: { description: 'Часы работы', text: '**Ежедневно** с 9 до 18' },
      },
    };
    await describeBot('lumen', {
      name: 'Lumen',
      channel,
      languages: ['ru', 'en'],
      texts: { en: { 'assistant.start.greeting': 'Ahoy, {{name}}!', 'assistant.commands.help': 'Help!' } },
      menu: { commands: ['help', 'hours'], own },
    });
    const emma = await telegram.person();
    await emma.say('/start');
    await emma.answer(({ text }) => /^Ahoy, Emma!/.test(text ?? ''));
    await emma.say('/hours');
    const hours = await emma.answer(({ text }) => text === 'Daily from 9 to 18');
    expect(hours.entities).toMatchObject([{ type: 'bold' }]);
    await until(async () => (await menuIn('en')).length === 2, { what: 'the menu' });
    expect(await menuIn('en')).toEqual([
      { command: 'help', description: 'Help!' },
      { command: 'hours', description: 'When we are open' },
    ]);
    const nobodysLanguage = await telegram.person('de');
    await nobodysLanguage.say('/hours');
    await nobodysLanguage.answer(({ text }) => text === 'Ежедневно с 9 до 18');

    await describeBot('lumen', { name: 'Lumen', channel, languages: ['en'] });
    await until(async () => (await menuIn('en')).length === 8, { what: 'the whole menu' });
    await emma.say('/hours');
    await emma.answer(({ text }) => /do not know this command/.test(text ?? ''));
  });

  it('whose new description has mistakes go on with the old one', async () => {
    await describeBot('lumen', { name: 'Lumen', channel: { kind: 'telegram', apiRoot: 'sandbox', token: 'none' } });
    await hear(app, await telegram.person(), 'still there?');
    expect(await broken(app)).toBe(1);
    await describeBot('lumen', { name: 'Lumen', channel: inSandbox(LUMEN) });
    expect(await broken(app)).toBe(0);
  });

  it('that cannot work when the service starts are left out and alarm, and the others work', async () => {
    const folder = botsFolder({
      lumen: { name: 'Lumen', channel: { kind: 'telegram', tokenEnv: 'NO_SUCH_TOKEN' } },
      northwind: { name: 'Northwind', channel: inSandbox(NORTHWIND), access: { flood: { burst: 1000 } } },
    });
    const another = await startBotAdapter(telegram, { env: { BOTS_FOLDER: folder } });
    await hear(another, telegram.other(await telegram.person(), NORTHWIND.username), 'are you there?');
    expect(await broken(another)).toBe(1);
    writeBots(folder, { lumen: { name: 'Lumen', channel: inSandbox({ token: `${NORTHWIND.token}2` }) } });
    await another.service.nest.get(BotsRegistry, { strict: false }).refresh();
    expect(await broken(another)).toBe(0);
    await another.stop();
  });
});
