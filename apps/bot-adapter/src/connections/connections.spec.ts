import {
  BeginConnection,
  CompleteConnection,
  ConnectionChanged,
  DisconnectAccount,
  ListConnections,
  MessageReceived,
  ReadConnection,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { reply } from '../../test/start-bot-adapter';
import { ACCOUNTS, InstagramWorld } from '../../test/channels/instagram.world';
import { CONNECTION_TRANSITIONS } from './connection.states';
import { ConnectionsJobs } from './connections.jobs';

const DAY_MS = 86_400_000;

it('the states of a connection lead nowhere that is none, and out of every one but the last', () => {
  const states = Object.keys(CONNECTION_TRANSITIONS);
  for (const [state, next] of Object.entries(CONNECTION_TRANSITIONS)) {
    expect(next.filter((one) => !states.includes(one))).toEqual([]);
    expect(next.length === 0).toBe(state === 'disconnected');
  }
});

describe('an account that is connected', () => {
  let world: InstagramWorld;
  beforeAll(async () => {
    world = await InstagramWorld.start({ connect: false });
  });
  afterAll(() => world.stop());

  const begin = (botId = 'lumen', kind = 'instagram') =>
    world.app.gateway.call(BeginConnection, { body: { kind, botId, returnTo: '/bots/lumen' } });
  const complete = (body: { code: string; state: string }) => world.app.gateway.call(CompleteConnection, { body });
  const refreshDue = () => world.app.service.nest.get(ConnectionsJobs, { strict: false }).refreshDue();
  const stateOf = async (botId: string) => (await world.connectionOf(botId))?.['state'];
  /** Both sides of it grow older. */
  async function pass(days: number) {
    world.app.clock.advance(days * DAY_MS);
    await world.ask('PUT', '/clock', { aheadMs: world.app.clock.now().getTime() - Date.now() });
  }
  const refusedWith = (code: string) => expect.objectContaining({ problem: expect.objectContaining({ code }) });

  it('is had by the page of the channel, once, and its token is shown to nobody', async () => {
    const { state, code } = await world.allow('lumen', ACCOUNTS.one);
    const { connection, returnTo } = await complete({ code, state });
    expect(returnTo).toBe('/bots');
    expect(connection).toMatchObject({
      botId: 'lumen',
      account: ACCOUNTS.one,
      username: 'juniper.store',
      state: 'connected',
    });
    expect((await complete({ code, state })).connection).toEqual(connection);
    const [token] = await world.ask<{ token: string }[]>('GET', `/accounts/${ACCOUNTS.one}/tokens`);
    const read = await world.app.gateway.call(ReadConnection, { params: { connectionId: connection.id } });
    const { data } = await world.app.gateway.call(ListConnections, { query: { limit: 10 } });
    expect(JSON.stringify([connection, read, data])).not.toContain(token!.token);
    const kept = String((await world.connectionOf('lumen'))!['access_token']);
    expect(kept).toMatch(/^r1\.test\./);
    await world.app.probe.until(ConnectionChanged, (event) => event.data.connectionId === connection.id);
    const emma = await world.person();
    await world.say(emma, ACCOUNTS.one, { text: 'is anybody here?' });
    await world.app.probe.until(MessageReceived, (event) => event.data.text === 'is anybody here?');
  });

  it('is refused to another bot, and where nothing can be connected', async () => {
    const { state, code } = await world.allow('northwind', ACCOUNTS.one);
    await expect(complete({ code, state })).rejects.toEqual(refusedWith('bot-adapter.account_in_use'));
    await expect(begin('lumen', 'whatsapp')).rejects.toEqual(refusedWith('bot-adapter.connection_not_offered'));
    await expect(begin('nobody')).rejects.toEqual(refusedWith('bot-adapter.unknown_bot'));
  });

  it('is had by who has begun, in time, with what the page has given', async () => {
    const { state, code } = await world.allow('northwind', ACCOUNTS.two);
    const other = { kind: 'staff' as const, id: 'another', roles: [], scopes: ['*'] };
    const asOther = await fetch(`${world.app.url}/channel-connections`, {
      method: 'POST',
      body: JSON.stringify({ code, state }),
      headers: { 'content-type': 'application/json', ...(await world.app.as('gateway', other)) },
    });
    expect(asOther.status).toBe(403);
    await expect(complete({ code: 'made up', state })).rejects.toEqual(refusedWith('bot-adapter.exchange_refused'));
    await expect(complete({ code, state: 'x'.repeat(43) })).rejects.toEqual(refusedWith('bot-adapter.attempt_expired'));
    const late = await world.allow('northwind', ACCOUNTS.two);
    world.app.clock.advance(601_000);
    await expect(complete(late)).rejects.toEqual(refusedWith('bot-adapter.attempt_expired'));
    expect(await world.connectionOf('northwind')).toBeUndefined();
  });

  it('stays connected for months: its token is renewed on the fiftieth day, and on the fiftieth after that', async () => {
    const before = (await world.connectionOf('lumen'))!['expires_at'] as Date;
    await refreshDue();
    expect((await world.connectionOf('lumen'))!['refreshed_at']).toBeNull();
    for (const _ of [1, 2]) {
      await pass(51);
      await refreshDue();
      const { state, refreshed_at: at } = (await world.connectionOf('lumen'))!;
      expect([state, (at as Date).toISOString()]).toEqual(['connected', world.app.clock.now().toISOString()]);
    }
    const after = (await world.connectionOf('lumen'))!['expires_at'] as Date;
    expect(Math.round((after.getTime() - before.getTime()) / DAY_MS)).toBeGreaterThanOrEqual(101);
    const emma = await world.person();
    await world.say(emma, ACCOUNTS.one, { text: 'after months' });
    const heard = await world.app.probe.until(MessageReceived, (event) => event.data.text === 'after months');
    await reply(world.app, heard, 'still here');
    await world.answer(emma, ACCOUNTS.one, ({ text }) => text === 'still here');
  });

  it('is tried again while the channel is away, and has to be connected anew when the owner has thrown us out', async () => {
    await pass(51);
    // Asked three times in a row, as what does no harm.
    await world.sandbox.setFaults({ target: 'instagram.refresh', kind: '500' });
    await refreshDue();
    expect(await stateOf('lumen')).toBe('refresh-failing');
    await world.sandbox.setFaults();
    await refreshDue();
    expect(await stateOf('lumen')).toBe('connected');
    await pass(51);
    await world.ask('DELETE', `/accounts/${ACCOUNTS.one}/tokens`);
    await refreshDue();
    expect(await stateOf('lumen')).toBe('needs-reauth');
    const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
    expect(metrics).toMatch(/channel_connection_state\{bot="lumen",state="needs-reauth".*\} 1/);
  });

  it('hears what is said meanwhile, and says what waited once it is connected again', async () => {
    const emma = await world.person();
    await world.say(emma, ACCOUNTS.one, { text: 'are you there?' });
    const heard = await world.app.probe.until(MessageReceived, (event) => event.data.text === 'are you there?');
    await reply(world.app, heard, 'I am back');
    const waits = async () =>
      (
        await world.app.service.db.query<unknown[]>('SELECT FROM chats WHERE id = $1 AND next_send_at > now()', [
          heard.data.chatId,
        ])
      ).length > 0;
    await until(waits, { what: 'an answer that waits' });
    await world.connect('lumen', ACCOUNTS.one);
    expect(await stateOf('lumen')).toBe('connected');
    await world.answer(emma, ACCOUNTS.one, ({ text }) => text === 'I am back');
  });

  it('is given back: the token is forgotten, and another bot can have the account', async () => {
    const id = String((await world.connectionOf('lumen'))!['id']);
    await world.app.gateway.call(DisconnectAccount, { params: { connectionId: id } });
    const [row] = await world.app.service.db.query<Record<string, unknown>[]>(
      'SELECT access_token, state FROM channel_connections WHERE id = $1',
      [id],
    );
    expect(row).toEqual({ access_token: null, state: 'disconnected' });
    await world.connect('northwind', ACCOUNTS.one);
    expect(await stateOf('northwind')).toBe('connected');
  });
});
