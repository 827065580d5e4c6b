import { HandoverBegan, ReplyCompleted, TakeConversation } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { chatAiApp } from '../src/chat-ai.app';
import { ConversationChanges } from '../src/conversations/conversation-changes';
import { aPerson, botsFolder, rowsOf, untilTrue } from './build';
import { aStaffMember } from './desk';
import { type RunningModel, startModel } from './start-model';

/** Twice so many, and that twice: with the signal and without it. */
const PEOPLE = 25;
const ROUNDS = [1, 2];
const SILENT_WITHIN_MS = 1000;
const LONG = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen. '.repeat(20);

describe('a conversation that staff take over in the middle of an answer', () => {
  let model: RunningModel;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const actor = aStaffMember();

  beforeAll(async () => {
    model = await startModel();
    folder = await botsFolder({ shop: { assistant: { systemPrompt: 'S' } } });
    const served = { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' };
    app = await startApp(chatAiApp, {
      env: { ...served, BOTS_FOLDER: folder.path, CHAT_AI_JOB_CONCURRENCY: String(PEOPLE) },
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), folder.remove()]);
  });
  beforeEach(() => model.reset());
  afterEach(() => jest.restoreAllMocks());

  const conversationOf = async (chatId: string) => {
    const [row] = await rowsOf<{ id: string }>(app, 'SELECT id FROM conversations WHERE chat_id = $1', [chatId]);
    return row!.id;
  };

  async function takeAllOver(round: number): Promise<void> {
    await model.script({ reply: { text: LONG }, times: PEOPLE });
    const people = Array.from({ length: PEOPLE }, () => aPerson(() => app, { botId: 'shop' }));
    const taken = people.map(async (person, i) => {
      const message = await person.writes('Count');
      const isThinking = (i + round) % 3 === 0;
      const texts = () => person.typed().filter(({ state }) => state === 'typing');
      await untilTrue('the begin', () => (isThinking ? person.typed() : texts()).length > 0);
      const conversationId = await conversationOf(person.chatId);
      await app.gateway.call(TakeConversation, { params: { conversationId } }, { actor });
      await sleep(SILENT_WITHIN_MS);
      const said = texts().length;
      await untilTrue('the end', () => person.typed().at(-1)!.state === 'cancelled');
      expect(texts()).toHaveLength(said);
      const kept = await rowsOf(app, 'SELECT state FROM messages WHERE id = $1', [message]);
      expect(kept).toEqual([{ state: 'handed_over' }]);
    });
    await Promise.all(taken);
    const isTheirs = ({ chatId }: { chatId: string }) => people.some((person) => person.chatId === chatId);
    expect(app.probe.all(ReplyCompleted).filter(({ data }) => isTheirs(data))).toEqual([]);
    await untilTrue('the events', () => {
      return app.probe.all(HandoverBegan).filter(({ data }) => isTheirs(data)).length === PEOPLE;
    });
    const users = people.map(({ userId }) => userId);
    await untilTrue('everything being paid', async () => {
      const open = await rowsOf(app, 'SELECT FROM budget_reservations WHERE user_id = ANY ($1)', [users]);
      return open.length === 0;
    });
  }

  it.each([
    ['is silent within a second', false],
    ['is silent within a second also where the signal is lost', true],
  ])(
    'the assistant %s, however far it had come',
    async (_, isLost) => {
      // By it a turn hears of a change both within its process and by the signal of another one.
      if (isLost) jest.spyOn(app.service.nest.get(ConversationChanges), 'heard').mockImplementation(() => undefined);
      await model.pace(100, 60);
      for (const round of ROUNDS) await takeAllOver(round);
    },
    60_000,
  );
});
