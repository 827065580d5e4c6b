import { until } from '@switchboard/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { pigeon } from '../../test/channels/pigeon.channel';
import { startBotAdapter } from '../../test/start-bot-adapter';
import { defineBotAdapter } from '../bot-adapter.module';
import type { ChannelFactory, Polling } from '../channels/channel';
import { assistant } from '../products/assistant/assistant.module';

const NOWHERE = { apiRoot: 'http://127.0.0.1:9' };

describe('a channel that is polled, and does not remember how far', () => {
  const cursors: (string | undefined)[] = [];
  const polling: Polling = {
    isForgetful: true,
    next: async (cursor, signal) => {
      cursors.push(cursor);
      if (cursor !== undefined) await sleep(60_000, undefined, { signal });
      return { updates: [], cursor: '7' };
    },
  };
  const { unpack: _, ...brought } = pigeon;
  const polled: ChannelFactory = {
    ...brought,
    create: (bot, deps) => Object.assign(pigeon.create(bot, deps), { polling }),
  };
  const start = (account: string, former?: Awaited<ReturnType<typeof startBotAdapter>>) => {
    cursors.length = 0;
    return startBotAdapter(NOWHERE, {
      app: defineBotAdapter({ channels: [polled], products: [assistant] }),
      bots: { lumen: { name: 'Lumen', channel: { kind: 'pigeon', account, tokenEnv: 'PIGEON_TOKEN' } } },
      env: { PIGEON_API: NOWHERE.apiRoot, PIGEON_APP_SECRET: 'secret', PIGEON_TOKEN: 'token' },
      ...(former && { database: former.database }),
    });
  };
  const asked = (cursor: string) =>
    until(() => Promise.resolve(cursors.includes(cursor)), { what: `a question behind ${cursor}` });

  it('is asked behind what was processed before a restart, and another account from its beginning', async () => {
    const first = await start('a');
    await asked('7');
    expect(cursors).toEqual([undefined, '7']);
    await first.stop({ keepDatabase: true });
    const second = await start('a', first);
    await asked('7');
    expect(cursors).toEqual(['7']);
    await second.stop({ keepDatabase: true });
    const third = await start('b', second);
    await asked('7');
    expect(cursors).toEqual([undefined, '7']);
    await third.stop();
  });
});
