import {
  AddTicketNote,
  AssignTicket,
  FollowDesk,
  PutDeskStaff,
  ShowTyping,
  TakeConversation,
} from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { DeskFeed } from '../src/desk/desk-feed';
import { aPerson, botsFolder, rowsOf, untilTrue } from './build';
import { aStaffMember, type DeskEvent } from './desk';

describe('those who look at a desk', () => {
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const [ann, bob] = [aStaffMember(), aStaffMember()];
  const leaving: AbortController[] = [];

  beforeAll(async () => {
    folder = await botsFolder({ shop: {}, second: { brand: 'shop' }, other: {} });
    app = await startApp(chatAiApp, { env: { BOTS_FOLDER: folder.path } });
  });
  afterEach(() => {
    for (const each of leaving.splice(0)) each.abort();
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await app.stop();
    await folder.remove();
  });

  async function follow({ actor = ann, lastEventId = '', brandId = 'shop' } = {}) {
    const [events, gone] = [[] as DeskEvent[], new AbortController()];
    leaving.push(gone);
    const headers = lastEventId ? { 'last-event-id': lastEventId } : {};
    const stream = await app.gateway.call(FollowDesk, { query: { brandId }, headers }, { actor, signal: gone.signal });
    void (async () => {
      for await (const { data } of stream) events.push(data);
    })().catch(() => undefined);
    const topics = () => events.map(({ topic }) => topic);
    return { events, topics, leave: () => gone.abort() };
  }
  async function taken(botId = 'shop') {
    const anna = aPerson(() => app, { botId });
    await anna.replyTo(await anna.writes('Hello'));
    const [row] = await rowsOf<{ id: string }>(app, 'SELECT id FROM conversations WHERE user_id = $1', [anna.userId]);
    const ticket = await app.gateway.call(TakeConversation, { params: { conversationId: row!.id } }, { actor: ann });
    return { anna, ticketId: ticket.id };
  }
  const note = (ticketId: string) =>
    app.gateway.call(
      AddTicketNote,
      { params: { ticketId }, body: { text: 'A note' }, idempotencyKey: uuidv7() },
      { actor: ann },
    );

  it('see at once what happens, by ids alone', async () => {
    const seen = await follow();
    await until(() => app.service.nest.get(DeskFeed)['listeners'].has('shop'), { what: 'somebody who looks' });
    const { anna, ticketId } = await taken();
    await anna.writes('My secret words');
    await untilTrue('the message', () => seen.topics().includes('message'));
    expect(seen.events.filter((event) => event.ticketId === ticketId).length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(seen.events)).not.toContain('secret');
    const numbers = seen.events.map(({ id }) => Number(id));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it('go on where they were, also where the signal is lost', async () => {
    const { ticketId } = await taken();
    const first = await follow();
    jest.spyOn(app.service.nest.get(DeskFeed), 'wake').mockImplementation(() => undefined);
    await note(ticketId);
    await untilTrue('the note', () => first.topics().includes('note'));
    first.leave();
    const { id } = first.events.at(-1)!;
    await note(ticketId);
    await note(ticketId);
    const again = await follow({ lastEventId: id });
    await untilTrue('both notes', () => again.events.length >= 2);
    expect(again.topics()).toEqual(['note', 'note']);
    expect(again.events.map((event) => event.id)).toEqual([1, 2].map((n) => String(Number(id) + n)));
  });

  it('are to read everything again who were away too long', async () => {
    const { ticketId } = await taken();
    await note(ticketId);
    await app.service.db.query(`DELETE FROM desk_events WHERE brand_id = 'shop'`);
    const seen = await follow({ lastEventId: '1' });
    await untilTrue('the word', () => seen.topics().length > 0);
    expect(seen.topics()).toEqual(['resync']);
    await note(ticketId);
    await untilTrue('what comes then', () => seen.topics().length > 1);
    expect(seen.topics()).toEqual(['resync', 'note']);
  });

  it('see each other type', async () => {
    const { ticketId } = await taken();
    const seen = await follow({ actor: bob });
    await until(() => app.service.nest.get(DeskFeed)['listeners'].has('shop'), { what: 'somebody who looks' });
    await app.gateway.call(ShowTyping, { params: { ticketId }, body: { on: true } }, { actor: ann });
    await untilTrue('the typing', () => seen.topics().includes('typing'));
    expect(seen.events.find(({ topic }) => topic === 'typing')).toMatchObject({ ticketId, staffId: ann.id });
  });

  it('see the accounts that they may see alone', async () => {
    const [near, none] = [aStaffMember(['second']), aStaffMember(['other'])];
    await expect(follow({ actor: none })).rejects.toMatchObject({ status: 404 });
    const seen = await follow({ actor: near });
    await until(() => app.service.nest.get(DeskFeed)['listeners'].has('shop'), { what: 'somebody who looks' });
    const [far, close] = [await taken('shop'), await taken('second')];
    await untilTrue('what is theirs', () => seen.events.some((event) => event.ticketId === close.ticketId));
    expect(seen.events.filter((event) => event.ticketId === far.ticketId)).toEqual([]);
  });

  it('get tickets by who has the fewest', async () => {
    const put = (staffId: string, maxLoad: number) =>
      app.gateway.call(
        PutDeskStaff,
        { params: { staffId }, query: { brandId: 'other' }, body: { teams: ['sales'], languages: [], maxLoad } },
        { actor: ann },
      );
    const [one, two] = [uuidv7(), uuidv7()];
    for (const staffId of [one, two]) await put(staffId, 2);
    const assign = (ticketId: string) =>
      app.gateway.call(
        AssignTicket,
        { params: { ticketId }, body: { byLoad: true, team: 'sales' }, ifMatch: '*' },
        { actor: ann },
      );
    const tickets = [await taken('other'), await taken('other'), await taken('other'), await taken('other')];
    await expect(assign(tickets[0]!.ticketId)).rejects.toMatchObject({ status: 422 });
    await app.service.db.query('UPDATE desk_staff SET available = true');
    const given = [];
    for (const { ticketId } of tickets) given.push((await assign(ticketId)).assignee);
    expect(given.toSorted()).toEqual([one, one, two, two].toSorted());
    await expect(assign((await taken('other')).ticketId)).rejects.toMatchObject({ status: 422 });
  });
});
