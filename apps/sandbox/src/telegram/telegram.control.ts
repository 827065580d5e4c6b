import type { Request, Router } from 'express';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { type Bot, type Conversation, MEDIA_KINDS, type Person, type StoredMessage } from './state';
import type { TelegramContext } from './telegram.context';
import type { InlineKeyboardMarkup } from './wire';
import { chatFor, chatIdFor, messageFor, userOfBot, visibleToBots } from './to-wire';

const Id = z.coerce.number().int();
/** A bot by its id or username. */
const BotName = z.union([z.int(), z.string()]);
const Where = z.object({ bot: BotName.optional(), chat: z.int().optional() });
const Manner = Where.extend({
  replyTo: z.int().optional(),
  quote: z.string().optional(),
  threadId: z.int().optional(),
});

const NewBot = z.object({
  token: z.string().regex(/^[1-9]\d*:[\w-]+$/),
  username: z.string().optional(),
  name: z.string().optional(),
  nextUpdateId: z.int().positive().optional(),
});
const NewPerson = z.object({
  firstName: z.string().min(1),
  lastName: z.string().optional(),
  username: z.string().optional(),
  languageCode: z.string().default('en'),
});
const NewGroup = z.object({
  title: z.string().min(1),
  username: z.string().min(4).optional(),
  people: z.array(z.int()).min(1),
  bots: z.array(BotName),
  /** Bots with rights. */
  admins: z.array(BotName).default([]),
  /** A group that may become a supergroup. */
  basic: z.boolean().default(false),
  forum: z.boolean().default(false),
});
const SendFile = Manner.extend({
  kind: z.enum(MEDIA_KINDS),
  base64: z.base64(),
  name: z.string().optional(),
  mimeType: z.string().optional(),
  caption: z.string().optional(),
  duration: z.int().nonnegative().optional(),
});
const Location = z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) });
const Contact = z.object({
  phone_number: z.string().min(1),
  first_name: z.string().min(1),
  last_name: z.string().optional(),
});
const Thing = z.union([
  z.object({ location: Location }),
  z.object({ contact: Contact }),
  z.object({ dice: z.string() }),
]);
/** A button by its place, or by its data or text. */
const Press = Where.extend({
  messageId: z.int(),
  row: z.int().optional(),
  column: z.int().optional(),
  button: z.string().optional(),
});
const MessagesQuery = z.object({ bot: z.string().optional(), after: Id.default(0) });

/** What tests and benchmarks use to act as people and to see what bots did; documented in the README. */
export function telegramControl(router: Router, telegram: TelegramContext): void {
  const { state, people, payments } = telegram;

  router
    .route('/bots')
    .get((_req, res) => void res.json([...state.bots.values()].map(botView)))
    .post((req, res) => void res.status(201).json(botView(telegram.addBot(NewBot.parse(req.body)))));

  router
    .route('/people')
    .get((_req, res) => void res.json([...state.people.values()]))
    .post((req, res) => void res.status(201).json(state.addPerson(NewPerson.parse(req.body))));

  router
    .route('/chats')
    .get((_req, res) => void res.json([...state.conversations.values()].map(chatView)))
    .post((req, res) => {
      const { title, people: ids, bots, admins, ...kind } = NewGroup.parse(req.body);
      ids.forEach((id) => people.person(id));
      const idsOf = (names: (number | string)[]) => names.map((name) => botNamed(name).id);
      const group = state.addGroup(title, ids, idsOf(bots), { ...kind, admins: idsOf(admins) });
      telegram.feed.tell({ type: 'chat', conversation: group });
      res.status(201).json(chatView(group));
    });

  router.put('/chats/:chat/people/:person', (req, res) => {
    const { isMember } = z.object({ isMember: z.boolean() }).parse(req.body);
    const group = groupOf(req.params.chat);
    people.setMember(people.person(Id.parse(req.params.person)), group, isMember);
    res.json(chatView(group));
  });

  router.get('/chats/:chat/messages', (req, res) => {
    const { bot: name, after } = MessagesQuery.parse(req.query);
    const conversation = telegram.messenger.conversation(botNamed(name), Id.parse(req.params.chat));
    const messages = [...conversation.messages.values()].filter(({ id }) => id > after).filter(visibleToBots);
    res.json(messages.map((message) => ({ ...shown(conversation, message), storedAt: message.storedAt })));
  });

  router.post('/chats/:chat/migrate', (req, res) => {
    res.status(201).json(chatView(people.migrate(groupOf(req.params.chat))));
  });

  router.post('/chats/:chat/channel-post', (req, res) => {
    const group = groupOf(req.params.chat);
    const { channel, text } = z.object({ channel: z.string().default('News'), text: z.string() }).parse(req.body);
    res.status(201).json(shown(group, people.postInChannel(group, channel, text)));
  });

  /** Something a person does in one chat; what it gives back is the answer, a message as its bot sees it. */
  function deed<Body extends z.ZodType<object>>(
    name: string,
    schema: Body,
    act: (
      place: { person: Person; conversation: Conversation },
      body: z.output<Body>,
    ) => StoredMessage | object | Promise<StoredMessage | object>,
    status = 201,
  ): void {
    router.post(`/people/:person/${name}`, async (req: Request<{ person: string }>, res) => {
      const body = schema.parse(req.body);
      const place = placeOf(Id.parse(req.params.person), Where.parse(req.body));
      const done = await act(place, body);
      res.status(status).json(isMessage(done) ? shown(place.conversation, done) : done);
    });
  }

  deed('say', Manner.extend({ text: z.string() }), ({ person, conversation }, { text, ...manner }) =>
    people.say(person, conversation, text, manner),
  );
  deed('start', Where.extend({ payload: z.string().optional() }), ({ person, conversation }, { payload }) =>
    people.start(person, conversation, payload),
  );
  deed(
    'edit',
    Where.extend({ messageId: z.int(), text: z.string() }),
    ({ person, conversation }, { messageId, text }) => people.edit(person, conversation, messageId, text),
    200,
  );
  deed('send-file', SendFile, ({ person, conversation }, { base64, name, mimeType, ...file }) =>
    people.sendFile(person, conversation, {
      ...file,
      upload: { bytes: Buffer.from(base64, 'base64'), ...(name && { name }), ...(mimeType && { mimeType }) },
    }),
  );
  deed('send', Manner.extend({ thing: Thing }), ({ person, conversation }, { thing, ...manner }) =>
    people.send(person, conversation, thing, manner),
  );
  deed(
    'web-app-data',
    Where.extend({ data: z.string().min(1), buttonText: z.string() }),
    ({ person, conversation }, { data, buttonText }) => people.sendWebAppData(person, conversation, data, buttonText),
  );
  deed('forward', Where.extend({ messageId: z.int(), from: Where }), ({ person, conversation }, { messageId, from }) =>
    people.forward(person, placeOf(person.id, from).conversation, messageId, conversation),
  );
  deed(
    'press',
    Press,
    async ({ person, conversation }, { messageId, row = 0, column = 0, button }) => {
      const cell = button === undefined ? { row, column } : findButton(conversation, messageId, button);
      const answer = await people.press(person, conversation, messageId, cell);
      return { ...answer, answered: answer !== undefined };
    },
    200,
  );
  deed(
    'react',
    Where.extend({ messageId: z.int(), emoji: z.array(z.string()) }),
    ({ person, conversation }, { messageId, emoji }) => people.react(person, conversation, messageId, emoji),
    200,
  );
  deed(
    'vote',
    Where.extend({ messageId: z.int(), options: z.array(z.int().nonnegative()) }),
    ({ person, conversation }, { messageId, options }) => people.vote(person, conversation, messageId, options),
    200,
  );
  deed(
    'stop',
    Where,
    ({ conversation }) => {
      people.stopDraft(conversation);
      return { stopped: true };
    },
    200,
  );
  deed(
    'block',
    Where.extend({ blocked: z.boolean() }),
    ({ person, conversation }, { blocked }) => {
      people.setBlocked(person, conversation, blocked);
      return chatView(conversation);
    },
    200,
  );
  deed(
    'inline',
    Where.extend({ query: z.string(), offset: z.string().optional() }),
    async ({ person }, { bot, query, offset }) => ({
      results: (await telegram.inline.ask(person, botNamed(bot).id, query, offset)) ?? null,
    }),
    200,
  );
  deed('pick', Where.extend({ resultId: z.string() }), ({ person, conversation }, { resultId }) =>
    telegram.inline.pick(person, conversation, resultId),
  );
  deed(
    'pay',
    Where.extend({ messageId: z.int().optional(), link: z.string().optional() }),
    async ({ person, conversation }, what) => {
      const outcome = await payments.pay(person, payments.invoice(conversation, what));
      return outcome.paid ? { paid: true, chargeId: outcome.charge.id } : outcome;
    },
    200,
  );

  router.get('/invoices', (req, res) => {
    const { payload } = z.object({ payload: z.string() }).parse(req.query);
    res.json([...state.invoices.values()].filter((invoice) => invoice.payload === payload));
  });
  router.post('/charges/:id/renew', (req, res) => {
    res.status(201).json({ chargeId: payments.renew(req.params.id).charge.id });
  });
  router.post('/charges/:id/fail-renewal', (req, res) => {
    payments.failRenewal(req.params.id);
    res.json({});
  });
  router.post('/charges/:id/take-back', (req, res) => {
    payments.takeBack(req.params.id, z.object({ silently: z.boolean().default(false) }).parse(req.body ?? {}));
    res.json({});
  });
  router.put('/charges/:id/canceled', (req, res) => {
    const { canceled } = z.object({ canceled: z.boolean() }).parse(req.body);
    payments.setCanceled(req.params.id, canceled);
    res.json({ canceled });
  });

  function groupOf(id: string): Conversation {
    const group = state.group(Id.parse(id));
    if (!group) throw new HttpError(404, 'there is no such group');
    return group;
  }

  /** Without a name: the only bot there is. */
  function botNamed(name: number | string | undefined): Bot {
    const bots = [...state.bots.values()];
    const wanted = String(name).replace(/^@/, '').toLowerCase();
    const bot =
      name === undefined && bots.length === 1
        ? bots[0]
        : bots.find(({ id, username }) => String(id) === wanted || username.toLowerCase() === wanted);
    if (!bot) throw new HttpError(404, name === undefined ? 'say which bot' : `there is no bot ${name}`);
    return bot;
  }

  function placeOf(personId: number, { bot, chat }: z.infer<typeof Where>) {
    const person = people.person(personId);
    return { person, conversation: people.conversation(person, chat ?? botNamed(bot).id) };
  }

  function shown(conversation: Conversation, message: StoredMessage) {
    const reactions = message.reactions?.length ? { reactions: message.reactions } : {};
    return { ...messageFor(state, conversation, message), ...reactions };
  }

  function botView(bot: Bot) {
    const { token, webhook, pending } = bot;
    return { ...userOfBot(bot), token, webhook: webhook?.url ?? null, pendingUpdates: pending.length };
  }

  function chatView(conversation: Conversation) {
    const { people: ids, bots, blocked, started, messages, topics, pinned, replyKeyboard } = conversation;
    return {
      id: chatIdFor(conversation),
      chat: chatFor(state, conversation),
      people: ids,
      bots,
      blocked,
      started,
      messages: messages.size,
      topics,
      pinned,
      replyKeyboard: replyKeyboard ?? null,
    };
  }
}

const isMessage = (done: object): done is StoredMessage => 'storedAt' in done && 'from' in done;

function findButton(conversation: Conversation, messageId: number, wanted: string): { row: number; column: number } {
  const markup = conversation.messages.get(messageId)?.replyMarkup as Partial<InlineKeyboardMarkup> | undefined;
  for (const [row, buttons] of (markup?.inline_keyboard ?? []).entries()) {
    const column = buttons.findIndex(({ callback_data, text }) => callback_data === wanted || text === wanted);
    if (column >= 0) return { row, column };
  }
  throw new HttpError(404, `message ${messageId} has no button "${wanted}"`);
}
