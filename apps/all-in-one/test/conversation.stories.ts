import { externalHash, type Installation } from './installation';
import { Person } from './person';
import { NORTHWIND } from './sandbox';

/** What people can count on when they talk. */
export function conversationStories(installation: () => Installation): void {
  const sandbox = () => installation().sandbox;

  it.each([
    ['en', 'Why is walking good?', /^Sandbox model — you wrote: “Why is walking good\?”/, '🔊 Listen'],
    ['ru', 'Чем полезны прогулки?', /^Модель-песочница — вы написали: «Чем полезны прогулки\?»/, '🔊 Озвучить'],
  ] as const)(
    'a question (%s) is answered once, and seen while it is written',
    async (locale, question, words, button) => {
      await sandbox().pace(100, 160);
      const person = await Person.meet(sandbox(), locale);
      await person.say(question);
      const answer = await person.reads(words);
      expect(answer.reply_markup!.inline_keyboard[0]).toMatchObject([{ text: button }]);

      const drafts = (await sandbox().calls('sendMessageDraft', person.chat)).filter(({ params }) => params.text);
      const lengths = drafts.map(({ params }) => params.text!.length);
      expect(lengths.length).toBeGreaterThanOrEqual(2);
      expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
      for (const { params, receivedAt } of drafts) {
        expect(answer.text!.startsWith(params.text!)).toBe(true);
        expect(receivedAt).toBeLessThan(answer.storedAt);
      }
      expect(await person.allItSaid()).toEqual([answer]);
    },
  );

  it.each([
    ['ru', 'Когда мастерская открыта в субботу?', /с 10:00 до 16:00/, /Источники: \[\d\] Часы работы › Мастерская/],
    ['en', 'When is the workshop open on Saturday?', /from 10:00 to 16:00/, /Sources: \[\d\] Opening hours › Workshop/],
  ] as const)(
    'a question about the shop (%s) is answered from its knowledge, with the source',
    async (locale, question, fact, source) => {
      const person = await Person.meet(sandbox(), locale, NORTHWIND.username);
      await person.say(question);
      const { text } = await person.reads(fact);
      expect(text).toMatch(source);
    },
  );

  it('messages sent one upon the other get one answer', async () => {
    await sandbox().pace(800, 10);
    const person = await Person.meet(sandbox(), 'en');
    const parts = ['I want to ride', 'to work every day', 'what shall I look for?'];
    for (const part of parts) await person.say(part);
    await person.reads(/what shall I look for/);
    const [request] = (await sandbox().modelRequests(parts[2]!)).slice(-1);
    expect(request!.body.messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(parts);
    expect(await person.allItSaid()).toHaveLength(1);
  });

  it('/new makes the bot forget what was said', async () => {
    const person = await Person.meet(sandbox(), 'en');
    await person.say('My name is Philippa');
    await person.reads(/My name is Philippa/);
    await person.say('What is my name?');
    await person.reads(/Your name is Philippa/);
    await person.say('/new');
    await person.reads(/fresh start/);
    await person.say('Do you remember me?');
    await person.reads(/first message here, there is nothing to remember/);
  });

  it('/language changes what the bot itself says, whatever the client speaks', async () => {
    const person = await Person.meet(sandbox(), 'ru');
    await person.say('/language');
    const menu = await person.reads(/На каком языке/);
    expect(await person.press(menu, 'English')).toBe('Saved');
    const changed = await person.reads(/Which language/);
    expect(changed.message_id).toBe(menu.message_id);
    await sandbox().misbehave({ target: 'openai.chat', kind: '429:insufficient-quota', times: 1 });
    await person.say('Привет');
    await person.reads(/^I cannot think right now/);
  });

  it('one person talks with two bots, which know nothing of each other', async () => {
    const withLumen = await Person.meet(sandbox(), 'en');
    const withNorthwind = withLumen.with(NORTHWIND.username);
    await withLumen.say('My name is Philippa');
    await withLumen.reads(/My name is Philippa/);
    await withNorthwind.say('Do you remember me?');
    await withNorthwind.reads(/nothing to remember yet/);
    const people = await installation().rows<{ bots: string[] }>(
      'bot-adapter',
      `SELECT array_agg(bot_id ORDER BY bot_id) AS bots FROM chats WHERE external_hash = $1 GROUP BY user_id`,
      [externalHash(withLumen.id)],
    );
    expect(people).toEqual([{ bots: ['lumen', 'northwind'] }]);
  });

  it('in a group only who speaks to the bot is answered, and the answer grows by edits', async () => {
    await sandbox().pace(100, 80);
    const group = await (await Person.meet(sandbox(), 'en')).inGroup();
    await group.say('Who is coming on Sunday?');
    await group.say('@lumen_bot what shall we do on Sunday?');
    await group.reads(/and I do not invent answers\.$/);
    expect(await sandbox().modelRequests('Who is coming')).toEqual([]);
    const [answer, ...more] = await group.answers();
    expect(more).toEqual([]);
    const edits = await sandbox().calls('editMessageText', group.chat);
    expect(edits.length).toBeGreaterThanOrEqual(1);
    expect(new Set(edits.map(({ params }) => params.message_id))).toEqual(new Set([answer!.message_id]));
    expect(await sandbox().calls('sendMessageDraft', group.chat)).toEqual([]);
  });
}
