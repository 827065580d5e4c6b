import { z } from 'zod';
import { AuthorizationServer } from '../kit/authorization-server';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS } from '../kit/faults';
import { HttpError } from '../kit/http';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { InstagramApi, type InstagramCall } from './instagram.api';
import { type Account, type App, escaped, type Item, Messenger, signatureOf, webhookFaults } from './messenger';

const ADDRESS = '/instagram';

export interface InstagramOptions {
  accounts?: readonly Pick<Account, 'id' | 'username' | 'name'>[];
  apps?: readonly App[];
  /** The sandbox as browsers reach it, where that is not the address by which it is asked for tokens. */
  publicUrl?: string;
}

/** The app of an installation that was told of no other one. */
export const SANDBOX_APP: App = { id: 'sandbox', secret: 'sandbox-app-secret' };

const ACCOUNTS = [
  { id: '17841400000000001', username: 'juniper.store', name: 'Juniper' },
  { id: '17841400000000002', username: 'northwind.shop', name: 'Northwind' },
];

const Attachment = z.object({
  type: z.string(),
  /** Its bytes, kept at a link that ends. */
  base64: z.string().optional(),
  mimeType: z.string().optional(),
  title: z.string().optional(),
});
const Manner = z.object({
  account: z.string(),
  agoMs: z.number().optional(),
  /** How often it is brought. */
  times: z.int().min(1).default(1),
  /** Another app has the thread. */
  standby: z.boolean().optional(),
});
const Say = Manner.extend({
  text: z.string().optional(),
  attachments: z.array(Attachment).optional(),
  quickReply: z.string().optional(),
  replyTo: z
    .object({ mid: z.string().optional(), story: z.object({ id: z.string(), url: z.string() }).optional() })
    .optional(),
  /** As it stands in the webhook, beside the rest: `is_unsupported`, `referral`. */
  more: z.record(z.string(), z.unknown()).optional(),
});
const Together = z.array(z.object({ account: z.string(), person: z.string(), text: z.string() }));
const Visit = z.object({ url: z.url(), account: z.string().optional(), decline: z.boolean().default(false) });
const GivenAccount = z.object({ id: z.string().regex(/^\d{5,20}$/), username: z.string(), name: z.string() });

/** Instagram Direct with Instagram Login: OAuth, messages, webhooks, windows, and files that end. */
export const instagram = defineParty({
  name: 'instagram',
  create(context: Context, options: InstagramOptions): ThirdPartySandbox {
    const { accounts = ACCOUNTS, apps = [SANDBOX_APP], publicUrl } = options;
    const calls = new CallLog<InstagramCall>(2000);
    const messenger = new Messenger(context, { accounts, apps });
    const oauth = new AuthorizationServer(apps.map(({ id, secret }) => ({ id, secret, redirectUris: ['loopback'] })));
    const api = new InstagramApi(context, messenger, oauth, calls, { address: ADDRESS, publicUrl });
    const person = (id: string | undefined) => messenger.person(String(id)).id;

    return {
      address: ADDRESS,
      mount: (app) => void app.use(ADDRESS, api.router()),
      /**
       *   GET POST /accounts                     {id, username, name}
       *   GET /accounts/:id/tokens, DELETE …     what was given out; the owner throws all apps out
       *   POST /accounts/:id/tokens              {app?}: one without the page
       *   POST /accounts/:id/answers             {person, text, by}: somebody of the shop in the app, or another program
       *   PUT /apps/:id/webhook                  {url, verifyToken}: 409 when the handshake fails
       *   POST /apps/:id/calls                   {body, secret?}: signed as Meta does, and brought at once → {status}
       *   POST /visits                           {url, account?, decline?}: somebody opens the page and decides → {location}
       *   GET POST /people                       {name, username?}
       *   POST /people/:id/messages              {account, text?, attachments?, quickReply?, replyTo?, agoMs?, times?, standby?}
       *   POST /people/:id/unsend | reactions | reads | postbacks | referrals | edits | comments | blocks
       *   POST /together                         [{account, person, text}]: one call of the webhook
       *   GET /threads/:account/:person          what stands there; PUT /clock {aheadMs}
       *   GET /notifications, POST /notifications/:id/replay
       */
      control(router) {
        router.get('/accounts', (_req, res) => void res.json([...messenger.accounts.values()]));
        router.post('/accounts', (req, res) => {
          const account = { ...GivenAccount.parse(req.body), subscribed: {}, iceBreakers: [] };
          messenger.accounts.set(account.id, account);
          res.status(201).json(account);
        });
        router.get('/accounts/:id/tokens', (req, res) => void res.json(api.tokensOf(req.params.id)));
        router.post('/accounts/:id/tokens', (req, res) => {
          const { app } = z.object({ app: z.string().default(apps[0]!.id) }).parse(req.body ?? {});
          res.status(201).json({ token: api.issue(messenger.account(req.params.id).id, app) });
        });
        router.delete('/accounts/:id/tokens', (req, res) => {
          api.revoke(req.params.id);
          res.sendStatus(204);
        });
        router.post('/accounts/:id/answers', (req, res) => {
          const told = z
            .object({ person: z.string(), text: z.string(), by: z.string().default('person') })
            .parse(req.body);
          const { text, by } = told;
          res.json(messenger.answered(messenger.account(req.params.id).id, person(told.person), { text, by }));
        });
        router.put('/apps/:id/webhook', async (req, res) => {
          const app = messenger.app(req.params.id);
          const webhook = z.object({ url: z.url(), verifyToken: z.string() }).parse(req.body);
          if (!(await messenger.handshake(webhook)))
            throw new HttpError(409, 'the address did not answer the handshake');
          app.webhook = webhook;
          res.json(app);
        });
        router.post('/apps/:id/calls', async (req, res) => {
          const app = messenger.app(req.params.id);
          const { body, secret } = z.object({ body: z.unknown(), secret: z.string().optional() }).parse(req.body);
          const bytes = typeof body === 'string' ? body : escaped(body);
          const response = await fetch(app.webhook?.url ?? '', {
            method: 'POST',
            body: bytes,
            headers: {
              'content-type': 'application/json',
              'x-hub-signature-256': signatureOf(secret ?? app.secret, bytes),
            },
            signal: AbortSignal.timeout(20_000),
          });
          res.json({ status: response.status });
        });
        router.post('/visits', (req, res) => {
          const { url, account = [...messenger.accounts.keys()][0]!, decline } = Visit.parse(req.body);
          res.json({ location: api.decide(url, messenger.account(account).id, decline) });
        });
        router.get('/people', (_req, res) => void res.json(messenger.people()));
        router.post('/people', (req, res) => {
          const given = z.object({ name: z.string(), username: z.string().optional() }).parse(req.body);
          res.status(201).json(messenger.addPerson(given));
        });
        router.post('/people/:id/messages', (req, res) => {
          const { account, text, attachments, quickReply, replyTo, more, times, ...manner } = Say.parse(req.body);
          const base = `${publicUrl ?? `${req.protocol}://${req.get('host')}`}${ADDRESS}`;
          const content = {
            ...(text !== undefined && { text }),
            ...(attachments && {
              attachments: attachments.map(({ type, base64, mimeType = 'image/jpeg', title }) => ({
                type,
                payload: {
                  ...(base64 !== undefined && {
                    url: messenger.keepFile(base, Buffer.from(base64, 'base64'), mimeType),
                  }),
                  ...(title !== undefined && { title }),
                },
              })),
            }),
            ...(quickReply !== undefined && { quick_reply: { payload: quickReply } }),
            ...(replyTo && { reply_to: replyTo }),
            ...more,
          };
          const { mid, item } = messenger.said(messenger.account(account).id, person(req.params.id), content, manner);
          messenger.tell([item], times);
          res.status(201).json({ mid });
        });
        const did = (
          path: string,
          schema: z.ZodType<Record<string, unknown>>,
          what: (body: never, id: string) => Item,
        ) =>
          router.post(`/people/:id/${path}`, (req, res) => {
            const item = what(schema.parse(req.body) as never, person(req.params.id));
            messenger.tell([item]);
            res.status(201).json({});
          });
        const ofMessage = z.object({ account: z.string(), mid: z.string() });
        did('unsend', ofMessage, ({ account, mid }: z.output<typeof ofMessage>, id) => {
          const message = messenger.message(messenger.thread(account, id), mid);
          message.deleted = true;
          delete message.text;
          return messenger.did(account, id, { message: { mid, is_deleted: true } });
        });
        const reaction = ofMessage.extend({ emoji: z.string().nullable() });
        did('reactions', reaction, ({ account, mid, emoji }: z.output<typeof reaction>, id) =>
          messenger.did(account, id, {
            reaction: { mid, action: emoji ? 'react' : 'unreact', ...(emoji && { reaction: 'other', emoji }) },
          }),
        );
        did('reads', ofMessage, ({ account, mid }: z.output<typeof ofMessage>, id) => {
          messenger.message(messenger.thread(account, id), mid).readAt = messenger.now();
          return messenger.did(account, id, { read: { mid } });
        });
        const postback = z.object({ account: z.string(), title: z.string(), payload: z.string() });
        did('postbacks', postback, ({ account, title, payload }: z.output<typeof postback>, id) =>
          messenger.did(account, id, { postback: { mid: messenger.newMid(), title, payload } }),
        );
        const referral = z.object({ account: z.string(), ref: z.string() });
        did('referrals', referral, ({ account, ref }: z.output<typeof referral>, id) =>
          messenger.did(account, id, { referral: { ref, source: 'IGME-SOURCE-LINK', type: 'OPEN_THREAD' } }),
        );
        const edit = ofMessage.extend({ text: z.string() });
        did('edits', edit, ({ account, mid, text }: z.output<typeof edit>, id) => {
          messenger.message(messenger.thread(account, id), mid).text = text;
          return messenger.did(account, id, { message_edit: { mid, text, num_edit: 1 } });
        });
        router.post('/people/:id/comments', (req, res) => {
          const given = z
            .object({
              account: z.string(),
              postId: z.string(),
              text: z.string(),
              agoMs: z.number().optional(),
              times: z.int().default(1),
            })
            .parse(req.body);
          const { comment, item } = messenger.commented(
            messenger.account(given.account).id,
            person(req.params.id),
            given,
          );
          messenger.tell([item], given.times);
          res.status(201).json(comment);
        });
        router.post('/people/:id/blocks', (req, res) => {
          const { account, blocked } = z.object({ account: z.string(), blocked: z.boolean() }).parse(req.body);
          messenger.thread(account, person(req.params.id)).blocked = blocked;
          res.status(201).json({});
        });
        router.post('/together', (req, res) => {
          const said = Together.parse(req.body).map(({ account, person: id, text }) =>
            messenger.said(messenger.account(account).id, person(id), { text }),
          );
          messenger.tell(said.map(({ item }) => item));
          res.status(201).json(said.map(({ mid }) => mid));
        });
        router.get('/threads/:account/:person', (req, res) => {
          const { account, person: id } = req.params;
          const scopedId = messenger.scopedId(account, id);
          res.json({ ...messenger.thread(messenger.account(account).id, person(id)), scopedId });
        });
        router.put('/clock', (req, res) => {
          messenger.aheadMs = z.object({ aheadMs: z.number() }).parse(req.body).aheadMs;
          res.json({ now: new Date(messenger.now()).toISOString() });
        });
        messenger.notifier.control(router);
      },
      calls,
      faults: {
        ...Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint, CALL_FAULTS])),
        webhook: webhookFaults,
      },
      reset() {
        messenger.forget();
        oauth.forget();
      },
      save: () => ({ messenger: messenger.save(), api: api.save(), oauth: oauth.save() }),
      restore(saved) {
        if (!saved) return;
        const state = saved as Record<'messenger' | 'api' | 'oauth', unknown>;
        messenger.restore(state.messenger);
        api.restore(state.api);
        oauth.restore(state.oauth);
      },
      close: () => messenger.notifier.close(),
    };
  },
});

const ENDPOINTS = [
  ...['authorize', 'token', 'long-token', 'refresh', 'me', 'messages', 'subscribed-apps', 'messenger-profile'],
  ...['profile', 'cdn', 'actions', 'private-replies'],
];
