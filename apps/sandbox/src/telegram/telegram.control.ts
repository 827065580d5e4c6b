import { json, type Request, Router } from 'express';
import { z } from 'zod';
import { Refusal } from './people';
import type { Bot, Conversation, Person } from './state';
import type { TelegramWorld } from './telegram-world';
import type { InlineKeyboardMarkup } from './wire';
import { chatFor, chatIdFor, messageFor, userOfBot, visibleToBots } from './wire-views';

const Id = z.coerce.number().int();
/** A bot by its id or username. */
const BotName = z.union([z.int(), z.string()]);
const Where = z.object({ bot: BotName.optional(), chat: z.int().optional() });

const NewBot = z.object({
  token: z.string().regex(/^[1-9]\d*:[\w-]+$/),
  username: z.string().optional(),
  name: z.string().optional(),
});
const NewPerson = z.object({
  firstName: z.string().min(1),
  lastName: z.string().optional(),
  username: z.string().optional(),
  languageCode: z.string().default('en'),
});
const NewGroup = z.object({ title: z.string().min(1), people: z.array(z.int()).min(1), bots: z.array(BotName) });
const Say = Where.extend({ text: z.string(), replyTo: z.int().optional() });
const Start = Where.extend({ payload: z.string().optional() });
const Edit = Where.extend({ messageId: z.int(), text: z.string() });
const Block = Where.extend({ blocked: z.boolean() });
const SendFile = Where.extend({
  kind: z.enum(['voice', 'photo', 'document']),
  base64: z.base64(),
  name: z.string().optional(),
  mimeType: z.string().optional(),
  caption: z.string().optional(),
  duration: z.int().nonnegative().optional(),
});
/** A button by its place, or by its data or text. */
const Press = Where.extend({
  messageId: z.int(),
  row: z.int().optional(),
  column: z.int().optional(),
  button: z.string().optional(),
});
const CallsQuery = z.object({ since: Id.default(0), method: z.string().optional(), chat: Id.optional() });
const MessagesQuery = z.object({ bot: z.string().optional(), after: Id.default(0) });

/** What tests and benchmarks use to act as people and to see what bots did; documented in the README. */
export function telegramControl(world: TelegramWorld): Router {
  const { state, people } = world;
  const router = Router();
  // Files come as base64 in here.
  router.use(json({ limit: '70mb' }));

  router
    .route('/bots')
    .get((_req, res) => void res.json([...state.bots.values()].map(botView)))
    .post((req, res) => void res.status(201).json(botView(world.addBot(NewBot.parse(req.body)))));

  router
    .route('/people')
    .get((_req, res) => void res.json([...state.people.values()]))
    .post((req, res) => void res.status(201).json(state.addPerson(NewPerson.parse(req.body))));

  router
    .route('/chats')
    .get((_req, res) => void res.json([...state.conversations.values()].map(chatView)))
    .post((req, res) => {
      const { title, people: ids, bots } = NewGroup.parse(req.body);
      ids.forEach((id) => people.person(id));
      const group = state.addGroup(
        title,
        ids,
        bots.map((name) => botNamed(name).id),
      );
      world.feed.tell({ type: 'chat', conversation: group });
      res.status(201).json(chatView(group));
    });

  router.get('/chats/:chat/messages', (req, res) => {
    const { bot: name, after } = MessagesQuery.parse(req.query);
    const conversation = world.messenger.conversation(botNamed(name), Id.parse(req.params.chat));
    const messages = [...conversation.messages.values()].filter(({ id }) => id > after).filter(visibleToBots);
    res.json(messages.map((message) => ({ ...messageFor(state, conversation, message), storedAt: message.storedAt })));
  });

  router.get('/calls', (req, res) => {
    const { since, method, chat } = CallsQuery.parse(req.query);
    const calls = world.calls
      .since(since)
      .filter((call) => method === undefined || call.method.toLowerCase() === method.toLowerCase())
      .filter((call) => chat === undefined || Number(call.params.chat_id) === chat);
    res.json(calls);
  });

  router.post('/people/:person/say', (req, res) => {
    const { text, replyTo, ...where } = Say.parse(req.body);
    const { person, conversation } = place(req, where);
    const message = people.say(person, conversation, text, replyTo);
    res.status(201).json(messageFor(state, conversation, message));
  });

  router.post('/people/:person/start', (req, res) => {
    const { payload, ...where } = Start.parse(req.body);
    const { person, conversation } = place(req, where);
    res.status(201).json(messageFor(state, conversation, people.start(person, conversation, payload)));
  });

  router.post('/people/:person/edit', (req, res) => {
    const { messageId, text, ...where } = Edit.parse(req.body);
    const { person, conversation } = place(req, where);
    res.json(messageFor(state, conversation, people.edit(person, conversation, messageId, text)));
  });

  router.post('/people/:person/send-file', async (req, res) => {
    const { base64, kind, name, mimeType, caption, duration, ...where } = SendFile.parse(req.body);
    const { person, conversation } = place(req, where);
    const upload = { bytes: Buffer.from(base64, 'base64'), name, mimeType };
    const message = await people.sendFile(person, conversation, { kind, upload, caption, duration });
    res.status(201).json(messageFor(state, conversation, message));
  });

  router.post('/people/:person/press', async (req, res) => {
    const { messageId, row, column, button, ...where } = Press.parse(req.body);
    const { person, conversation } = place(req, where);
    const cell =
      button === undefined ? { row: row ?? 0, column: column ?? 0 } : findButton(conversation, messageId, button);
    const answer = await people.press(person, conversation, messageId, cell);
    res.json({ ...answer, answered: answer !== undefined });
  });

  router.post('/people/:person/block', (req, res) => {
    const { blocked, ...where } = Block.parse(req.body);
    const { person, conversation } = place(req, where);
    people.setBlocked(person, conversation, blocked);
    res.json(chatView(conversation));
  });

  /** Without a name: the only bot there is. */
  function botNamed(name: number | string | undefined): Bot {
    const bots = [...state.bots.values()];
    const wanted = String(name).replace(/^@/, '').toLowerCase();
    const bot =
      name === undefined && bots.length === 1
        ? bots[0]
        : bots.find(({ id, username }) => String(id) === wanted || username.toLowerCase() === wanted);
    if (!bot) throw new Refusal(404, name === undefined ? 'say which bot' : `there is no bot ${name}`);
    return bot;
  }

  function place(req: Request, { bot, chat }: z.infer<typeof Where>): { person: Person; conversation: Conversation } {
    const person = people.person(Id.parse(req.params.person));
    return { person, conversation: people.conversation(person, chat ?? botNamed(bot).id) };
  }

  function botView(bot: Bot) {
    const { token, webhook, pending } = bot;
    return { ...userOfBot(bot), token, webhook: webhook?.url ?? null, pendingUpdates: pending.length };
  }

  function chatView(conversation: Conversation) {
    const { people: ids, bots, blocked, started, messages } = conversation;
    return {
      id: chatIdFor(conversation),
      chat: chatFor(state, conversation),
      people: ids,
      bots,
      blocked,
      started,
      messages: messages.size,
    };
  }

  return router;
}

function findButton(conversation: Conversation, messageId: number, wanted: string): { row: number; column: number } {
  const markup = conversation.messages.get(messageId)?.replyMarkup as Partial<InlineKeyboardMarkup> | undefined;
  for (const [row, buttons] of (markup?.inline_keyboard ?? []).entries()) {
    const column = buttons.findIndex(({ callback_data, text }) => callback_data === wanted || text === wanted);
    if (column >= 0) return { row, column };
  }
  throw new Refusal(404, `message ${messageId} has no button "${wanted}"`);
}
