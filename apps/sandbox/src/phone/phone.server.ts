import { json, type Request, Router } from 'express';
import { z } from 'zod';
import { FormMalformed, FormTooLarge, readForm } from '../kit/forms';
import { HttpError, hangUpSignal } from '../kit/http';
import type { Conversation, Person } from '../telegram/state';
import type { TelegramContext } from '../telegram/telegram.context';
import type { PayAnswer, PressAnswer } from './phone.api';
import type { PhoneEvents } from './phone-events';
import { chatOnPhone, invoiceOnPhone, messageOnPhone, subscriptionOnPhone } from './phone-view';

const Id = z.coerce.number().int();
const Path = z.object({ person: Id, chat: Id });
const MessagePath = Path.extend({ id: Id });
const NewText = z.object({ text: z.string(), replyTo: z.int().optional(), threadId: z.int().optional() });
const NewThing = z.union([
  z.object({ location: z.object({ latitude: z.number(), longitude: z.number() }) }),
  z.object({
    contact: z.object({ phone_number: z.string(), first_name: z.string(), last_name: z.string().optional() }),
  }),
]);
const Vote = z.object({ options: z.array(z.int().nonnegative()) });
const Reactions = z.object({ emoji: z.array(z.string()).max(3) });
const Start = z.object({ payload: z.string().optional() }).default({});
const Press = z.object({ row: z.int().nonnegative(), column: z.int().nonnegative() });
const Blocked = z.object({ blocked: z.boolean() });
const Canceled = z.object({ canceled: z.boolean() });
const Language = z.object({ languageCode: z.string().regex(/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/) });
const Page = z.object({ before: Id.optional(), limit: Id.pipe(z.int().min(1).max(500)).default(50) });
const NewFile = z.object({
  kind: z.enum(['voice', 'photo', 'document']),
  caption: z.string().optional(),
  duration: z.coerce.number().int().nonnegative().optional(),
});

const MAX_UPLOAD = 50 * 1024 * 1024;

/** The phone's backend, as `phone.api.ts` describes it. */
export function phoneApi(telegram: TelegramContext, events: PhoneEvents): Router {
  const { people, payments, state } = telegram;
  const router = Router();
  router.use(json());

  const seen = (req: Request) => {
    const { person: personId, chat } = Path.parse(req.params);
    const person = people.person(personId);
    return { person, conversation: people.conversation(person, chat) };
  };
  const chatView = ({ person, conversation }: { person: Person; conversation: Conversation }) =>
    chatOnPhone(state, person, conversation);

  router.get('/people', (_req, res) => void res.json([...state.people.values()]));

  router.get('/people/:person/chats', (req, res) => {
    const person = people.person(Id.parse(req.params.person));
    const groups = [...state.conversations.values()].filter(
      (conversation) => conversation.kind === 'group' && conversation.people.includes(person.id),
    );
    const dialogs = [...state.bots.keys()].map((bot) => state.privateChat(person.id, bot));
    res.json([...dialogs, ...groups].map((conversation) => chatView({ person, conversation })));
  });

  router
    .route('/people/:person/chats/:chat/messages')
    .get((req, res) => {
      const { person, conversation } = seen(req);
      const { before, limit } = Page.parse(req.query);
      const older = [...conversation.messages.values()].filter(({ id }) => before === undefined || id < before);
      res.json(older.slice(-limit).map((message) => messageOnPhone(state, person, conversation, message)));
    })
    .post((req, res) => {
      const { person, conversation } = seen(req);
      const { text, ...manner } = NewText.parse(req.body);
      const message = people.say(person, conversation, text, manner);
      res.status(201).json(messageOnPhone(state, person, conversation, message));
    });

  router.put('/people/:person/chats/:chat/messages/:id', (req, res) => {
    const { person, conversation } = seen(req);
    const message = people.edit(person, conversation, MessagePath.parse(req.params).id, NewText.parse(req.body).text);
    res.json(messageOnPhone(state, person, conversation, message));
  });

  router.post('/people/:person/chats/:chat/messages/:id/press', async (req, res) => {
    const { person, conversation } = seen(req);
    const { id } = MessagePath.parse(req.params);
    const answer = await people.press(person, conversation, id, Press.parse(req.body), hangUpSignal(res));
    res.json({ ...answer, answered: answer !== undefined } satisfies PressAnswer);
  });

  router.post('/people/:person/chats/:chat/files', async (req, res) => {
    const { person, conversation } = seen(req);
    const { fields, files } = await readForm(req, MAX_UPLOAD).catch((error: Error) => {
      if (error instanceof FormTooLarge) throw new HttpError(413, 'a file has at most 50 MB');
      throw error instanceof FormMalformed ? new HttpError(400, error.message) : error;
    });
    const upload = files.get('file')?.[0];
    if (!upload) throw new HttpError(400, 'the form has no file');
    const told = Object.fromEntries([...fields].map(([name, values]) => [name, values[0]]));
    const message = await people.sendFile(person, conversation, { ...NewFile.parse(told), upload });
    res.status(201).json(messageOnPhone(state, person, conversation, message));
  });

  router.post('/people/:person/chats/:chat/things', (req, res) => {
    const { person, conversation } = seen(req);
    const message = people.send(person, conversation, NewThing.parse(req.body));
    res.status(201).json(messageOnPhone(state, person, conversation, message));
  });

  router.post('/people/:person/chats/:chat/messages/:id/pay', async (req, res) => {
    const { person, conversation } = seen(req);
    const { id: messageId } = MessagePath.parse(req.params);
    const outcome = await payments.pay(person, payments.invoice(conversation, { messageId }));
    res.json((outcome.paid ? { paid: true } : outcome) satisfies PayAnswer);
  });

  router.get('/people/:person/invoices/:slug', (req, res) => {
    res.json(invoiceOnPhone(state, payments.invoiceOf(req.params.slug)));
  });

  router.post('/people/:person/invoices/:slug/pay', async (req, res) => {
    const person = people.person(Id.parse(req.params.person));
    const outcome = await payments.pay(person, payments.invoiceOf(req.params.slug));
    res.json((outcome.paid ? { paid: true } : outcome) satisfies PayAnswer);
  });

  router.get('/people/:person/chats/:chat/subscriptions', (req, res) => {
    const { person, conversation } = seen(req);
    res.json(payments.subscriptionsOf(person, conversation.bots[0]!).map(subscriptionOnPhone));
  });

  router.put('/people/:person/subscriptions/:charge', (req, res) => {
    payments.setCanceled(req.params.charge, Canceled.parse(req.body).canceled);
    res.json({});
  });

  router.post('/people/:person/subscriptions/:charge/renew', (req, res) => {
    payments.renew(req.params.charge);
    res.json({});
  });

  router.put('/people/:person/chats/:chat/messages/:id/vote', (req, res) => {
    const { person, conversation } = seen(req);
    const { id } = MessagePath.parse(req.params);
    const message = people.vote(person, conversation, id, Vote.parse(req.body).options);
    res.json(messageOnPhone(state, person, conversation, message));
  });

  router.put('/people/:person/chats/:chat/messages/:id/reactions', (req, res) => {
    const { person, conversation } = seen(req);
    const { id } = MessagePath.parse(req.params);
    const message = people.react(person, conversation, id, Reactions.parse(req.body).emoji);
    res.json(messageOnPhone(state, person, conversation, message));
  });

  router.post('/people/:person/chats/:chat/stop', (req, res) => {
    people.stopDraft(seen(req).conversation);
    res.json({});
  });

  router.post('/people/:person/chats/:chat/start', (req, res) => {
    const { person, conversation } = seen(req);
    const message = people.start(person, conversation, Start.parse(req.body).payload);
    res.status(201).json(messageOnPhone(state, person, conversation, message));
  });

  router.put('/people/:person/chats/:chat/blocked', (req, res) => {
    const { person, conversation } = seen(req);
    people.setBlocked(person, conversation, Blocked.parse(req.body).blocked);
    res.json(chatView({ person, conversation }));
  });

  router.put('/people/:person/language', (req, res) => {
    const person = people.person(Id.parse(req.params.person));
    person.languageCode = Language.parse(req.body).languageCode;
    for (const conversation of state.conversations.values()) telegram.feed.tell({ type: 'chat', conversation });
    res.json(person);
  });

  router.get('/people/:person/events', (req, res) => {
    const person = people.person(Id.parse(req.params.person));
    events.open(person, res, Number(req.headers['last-event-id'] ?? 0));
  });

  router.get('/files/:fileId', (req, res) => {
    const file = state.files.get(req.params.fileId);
    if (!file) throw new HttpError(404, 'there is no such file');
    // Whatever a person uploads must not run as a page of the sandbox.
    res.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': 'sandbox' });
    res.type(file.mimeType).sendFile(telegram.files.pathOf(file), { dotfiles: 'allow' });
  });

  return router;
}
