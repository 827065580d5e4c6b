import { randomBytes } from 'node:crypto';
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { type AuthorizationServer, OAuthError } from '../kit/authorization-server';
import type { CallLog } from '../kit/call-log';
import { applyFault, type FailureAnswers, type Fault } from '../kit/faults';
import { escapeHtml, languageOf, page } from '../kit/html';
import { HttpError } from '../kit/http';
import { answerRefusals, formOf, readForms } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import type { Account, Messenger } from './messenger';

/** What is noted of each call. */
export interface InstagramCall {
  endpoint: string;
  method: string;
  path: string;
  body?: unknown;
}

/** Source: documentation/instagram-platform, error codes. */
class GraphError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly subcode?: number,
  ) {
    super(message);
  }
}

interface Token {
  account: string;
  app: string;
  kind: 'short' | 'long';
  issuedAt: number;
  expiresAt: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SCOPES = ['instagram_business_basic', 'instagram_business_manage_messages', 'instagram_business_manage_comments'];
const TEXT_BYTES = 1000;
const MAX_QUICK_REPLIES = 13;
const TITLE_LENGTH = 20;
const REPLY_TO_COMMENT_MS = 7 * DAY_MS;
/** Source: messaging-api, media: 25 MB, of images 8 MB. */
const MEDIA: Readonly<Record<string, { types: RegExp; maxBytes: number }>> = {
  image: { types: /^image\/(png|jpeg|gif)$/, maxBytes: 8_000_000 },
  audio: { types: /^audio\/(aac|x?-?m4a|wav|mp4)$/, maxBytes: 25_000_000 },
  video: { types: /^video\/(mp4|ogg|x-msvideo|quicktime|webm)$/, maxBytes: 25_000_000 },
  file: { types: /^application\/pdf$/, maxBytes: 25_000_000 },
};

const Send = z.object({
  recipient: z.object({ id: z.string().optional(), comment_id: z.string().optional() }),
  messaging_type: z.string().optional(),
  tag: z.string().optional(),
  sender_action: z.string().optional(),
  payload: z.object({ message_id: z.string(), reaction: z.string().optional() }).optional(),
  message: z
    .object({
      text: z.string().optional(),
      quick_replies: z
        .array(z.object({ content_type: z.literal('text'), title: z.string(), payload: z.string().max(1000) }))
        .optional(),
      attachment: z.object({ type: z.string(), payload: z.object({ url: z.string() }).optional() }).optional(),
    })
    .optional(),
});

const IceBreakers = z.object({
  platform: z.literal('instagram'),
  ice_breakers: z
    .array(
      z.object({
        call_to_actions: z.array(z.object({ question: z.string().max(80), payload: z.string().max(1000) })).max(4),
        locale: z.string().optional(),
      }),
    )
    .min(1),
});

const TEXTS = {
  en: {
    title: 'Sandbox: connect an Instagram account',
    head: (app: string) => `${app} wants to answer messages of your account`,
    allow: 'Allow',
    decline: 'Decline',
  },
  ru: {
    title: 'Песочница: подключение аккаунта Instagram',
    head: (app: string) => `${app} хочет отвечать на сообщения вашего аккаунта`,
    allow: 'Разрешить',
    decline: 'Отказаться',
  },
};

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: errorOf(new GraphError(500, 2, 'An unexpected error has occurred.', 1545133)) }),
  tooManyRequests: () => ({
    body: errorOf(new GraphError(429, 613, 'Calls to this api have exceeded the rate limit.')),
  }),
};

/** Instagram API with Instagram Login: the pages on which an owner lets an app in, tokens, messages, and files that end. */
export class InstagramApi {
  private tokens = new Map<string, Token>();

  constructor(
    private readonly context: Context,
    private readonly messenger: Messenger,
    private readonly oauth: AuthorizationServer,
    private readonly calls: CallLog<InstagramCall>,
    private readonly options: { address: string; publicUrl?: string | undefined },
  ) {}

  router(): Router {
    const router = Router();
    const on = (target: string, answer: (req: Request, res: Response, fault: Fault | undefined) => unknown) =>
      this.endpoint(target, answer);
    router.get(
      '/oauth/authorize',
      on('authorize', (req, res) => this.authorize(req, res)),
    );
    router.post('/oauth/consents/:id', readForms, (req, res) => this.consent(req, res));
    router.post(
      '/oauth/access_token',
      readForms,
      on('token', (req, res) => this.exchange(req, res)),
    );
    router.get(
      '/access_token',
      on('long-token', (req, res) => this.lengthen(req, res)),
    );
    router.get(
      '/refresh_access_token',
      on('refresh', (req, res) => this.refresh(req, res)),
    );
    router.get(
      '/cdn/:file',
      on('cdn', (req, res) => this.file(req, res)),
    );
    const graph = Router({ mergeParams: true });
    graph.use(express.json({ limit: '1mb' }));
    graph.get(
      '/me',
      on('me', (req, res) => this.me(req, res)),
    );
    graph.post(
      '/:id/messages',
      on('messages', (req, res) => this.send(req, res)),
    );
    graph.post(
      '/:id/subscribed_apps',
      on('subscribed-apps', (req, res) => this.subscribe(req, res)),
    );
    graph.delete(
      '/:id/subscribed_apps',
      on('subscribed-apps', (req, res) => this.unsubscribe(req, res)),
    );
    graph.post(
      '/:id/messenger_profile',
      on('messenger-profile', (req, res) => this.profile(req, res)),
    );
    graph.get(
      '/:id',
      on('profile', (req, res) => this.personProfile(req, res)),
    );
    router.use('/:version', graph);
    router.use(answerRefusals);
    return router;
  }

  /** Somebody who runs the account looks at the page in a browser, and decides. */
  decide(url: string, account: string, decline: boolean): string {
    const begun = this.oauth.begin(Object.fromEntries(new URL(url).searchParams));
    if (typeof begun === 'string') return begun;
    if (decline) return this.oauth.decline(begun);
    return this.approve(begun, account);
  }

  /** The owner throws all apps out in the settings of the account. */
  revoke(account: string): void {
    for (const [token, { account: of }] of this.tokens) if (of === account) this.tokens.delete(token);
  }

  tokensOf(account: string): (Token & { token: string })[] {
    return [...this.tokens].filter(([, one]) => one.account === account).map(([token, one]) => ({ ...one, token }));
  }

  /** One that was given out elsewhere, for tests that are about something else. */
  issue(account: string, app: string, kind: Token['kind'] = 'long'): string {
    const token = `IGAA${randomBytes(40).toString('base64url')}`;
    const issuedAt = this.messenger.now();
    this.tokens.set(token, {
      account,
      app,
      kind,
      issuedAt,
      expiresAt: issuedAt + (kind === 'long' ? 60 * DAY_MS : HOUR_MS),
    });
    return token;
  }

  save = (): object => ({ tokens: [...this.tokens] });

  restore(saved: unknown): void {
    this.tokens = new Map((saved as { tokens: [string, Token][] }).tokens);
  }

  private endpoint(named: string, answer: (req: Request, res: Response, fault: Fault | undefined) => unknown) {
    return async (req: Request, res: Response) => {
      const { method, path } = req;
      const body: unknown = req.body;
      const target = named === 'messages' ? targetOf(body) : named;
      // Forms hold secrets.
      this.calls.begin({ endpoint: target, method, path, ...(typeof body === 'object' && { body }) }, res);
      const fault = this.context.faults.next(`instagram.${target}`);
      if (!(await applyFault(fault, res, FAILURES))) return;
      try {
        await answer(req, res, fault);
      } catch (error) {
        const known = error instanceof z.ZodError ? new GraphError(400, 100, 'Invalid parameter') : error;
        if (!(known instanceof GraphError)) throw error;
        res.status(known.status).json(errorOf(known));
      }
    };
  }

  private authorize(req: Request, res: Response): void {
    const begun = this.oauth.begin(req.query);
    if (typeof begun === 'string') return void res.redirect(begun);
    const language = languageOf(req);
    const t = TEXTS[language];
    const choices = [...this.messenger.accounts.values()].map(
      ({ id, username, name }, i) =>
        `<label><input type="radio" name="account" value="${id}" ${i === 0 ? 'checked' : ''}> ${escapeHtml(name)} <span class="mark">@${escapeHtml(username)}</span></label>`,
    );
    res.send(
      page(
        t.title,
        `<main>
           <p class="mark">Sandbox</p>
           <h1>${escapeHtml(t.head(begun.client))}</h1>
           <form method="post" action="${this.options.publicUrl ?? ''}${this.options.address}/oauth/consents/${begun.id}">
             ${choices.join('')}
             <div class="row">
               <button class="main" name="decision" value="allow">${t.allow}</button>
               <button name="decision" value="decline">${t.decline}</button>
             </div>
           </form>
         </main>`,
        language,
      ),
    );
  }

  private consent(req: Request, res: Response): void {
    const request = this.oauth.request(String(req.params['id']));
    if (!request) throw new HttpError(404, 'there is no such request');
    const form = formOf(req);
    if (form.get('decision') !== 'allow') return res.redirect(303, this.oauth.decline(request));
    res.redirect(303, this.approve(request, this.messenger.account(form.get('account') ?? '').id));
  }

  /** The real one ends with `#_`, which belongs to no code. */
  private approve(request: Parameters<AuthorizationServer['approve']>[0], account: string): string {
    request.extra['account'] = account;
    const [owner] = this.context.people();
    return `${this.oauth.approve(request, owner ?? { id: 0, firstName: 'Owner', languageCode: 'en' })}#_`;
  }

  /** Source: instagram-login, business login: this address alone words its refusals so. */
  private exchange(req: Request, res: Response): void {
    try {
      const form = formOf(req);
      const client = this.oauth.client(form.get('client_id') ?? '');
      if (!client || client.secret !== form.get('client_secret'))
        throw new OAuthError('invalid_client', 'Invalid platform app');
      const grant = this.oauth.redeem(form, client);
      const account = grant.request.extra['account']!;
      const permissions = SCOPES.filter((scope) => grant.request.scope.includes(scope));
      const access_token = this.issue(account, client.id, 'short');
      res.json({ access_token, user_id: account, permissions });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      res.status(400).json({ error_type: 'OAuthException', code: 400, error_message: error.description });
    }
  }

  private lengthen(req: Request, res: Response): void {
    const { token, account, app } = this.tokenOf(req);
    if (req.query['grant_type'] !== 'ig_exchange_token') throw new GraphError(400, 100, 'Invalid grant_type');
    if (req.query['client_secret'] !== this.oauth.client(app)?.secret)
      throw new GraphError(400, 1, 'Error validating client secret.');
    this.tokens.delete(token);
    this.answerToken(res, this.issue(account, app));
  }

  /** One that is younger than a day is refused, and one that has expired is worth nothing. */
  private refresh(req: Request, res: Response): void {
    const { token, kind, issuedAt } = this.tokenOf(req);
    if (req.query['grant_type'] !== 'ig_refresh_token' || kind !== 'long')
      throw new GraphError(400, 100, 'Unsupported request - method type: get');
    if (this.messenger.now() - issuedAt < DAY_MS)
      throw new GraphError(400, 100, 'The access token must be at least 24 hours old.');
    const known = this.tokens.get(token)!;
    known.issuedAt = this.messenger.now();
    known.expiresAt = known.issuedAt + 60 * DAY_MS;
    this.answerToken(res, token);
  }

  private answerToken(res: Response, token: string): void {
    const { expiresAt } = this.tokens.get(token)!;
    const expires_in = Math.floor((expiresAt - this.messenger.now()) / 1000);
    res.json({ access_token: token, token_type: 'bearer', expires_in });
  }

  private me(req: Request, res: Response): void {
    const { id, username, name } = this.accountOf(req);
    res.json({ id, user_id: id, username, name, account_type: 'BUSINESS' });
  }

  private subscribe(req: Request, res: Response): void {
    const account = this.accountOf(req);
    account.subscribed[this.tokenOf(req).app] = String(req.query['subscribed_fields'] ?? '')
      .split(',')
      .filter(Boolean);
    res.json({ success: true });
  }

  private unsubscribe(req: Request, res: Response): void {
    const account = this.accountOf(req);
    delete account.subscribed[this.tokenOf(req).app];
    res.json({ success: true });
  }

  private profile(req: Request, res: Response): void {
    const account = this.accountOf(req);
    const { ice_breakers } = IceBreakers.parse(req.body);
    account.iceBreakers = ice_breakers.flatMap(({ call_to_actions }) => call_to_actions);
    res.json({ result: 'success' });
  }

  private personProfile(req: Request, res: Response): void {
    const { account } = this.tokenOf(req);
    const scoped = String(req.params['id']);
    const person = this.messenger.byScopedId(account, scoped);
    if (!person) throw new GraphError(400, 100, 'The requested user cannot be found.', 2018001);
    res.json({ id: scoped, name: person.name, username: person.username, is_user_follow_business: false });
  }

  private async send(req: Request, res: Response): Promise<void> {
    const account = this.accountOf(req);
    const { app } = this.tokenOf(req);
    const body = Send.parse(req.body);
    if (body.recipient.comment_id !== undefined) return this.replyPrivately(account, app, body, res);
    const scoped = body.recipient.id ?? '';
    const person = this.messenger.byScopedId(account.id, scoped);
    if (!person) throw new GraphError(400, 100, 'No matching user found', 2018001);
    const thread = this.messenger.thread(account.id, person.id);
    if (thread.blocked) throw new GraphError(400, 551, 'This person isn’t available right now.', 2534014);
    if (body.sender_action) {
      this.act(thread, body);
      return void res.json({ recipient_id: scoped });
    }
    if (body.tag !== undefined && (body.tag !== 'HUMAN_AGENT' || body.messaging_type !== 'MESSAGE_TAG'))
      throw new GraphError(400, 100, 'Invalid tag');
    if (!this.messenger.isOpen(thread, body.tag !== undefined))
      throw new GraphError(400, 10, 'This message is sent outside of allowed window.', 2534022);
    const content = await this.contentOf(body);
    const { mid } = this.messenger.answered(account.id, person.id, {
      by: app,
      ...content,
      ...(body.tag !== undefined && { tag: body.tag }),
    });
    res.json({ recipient_id: scoped, message_id: mid });
  }

  private act(
    thread: ReturnType<Messenger['thread']>,
    { sender_action: action, payload }: z.output<typeof Send>,
  ): void {
    if (action === 'react' || action === 'unreact') {
      const message = this.messenger.message(thread, payload?.message_id ?? '');
      if (action === 'react') message.reaction = payload?.reaction ?? 'love';
      else delete message.reaction;
      return;
    }
    if (!['typing_on', 'typing_off', 'mark_seen'].includes(action!))
      throw new GraphError(400, 100, 'Invalid sender_action');
    thread.action = action!;
    const last = thread.messages.findLast(({ from }) => from === 'person');
    if (action === 'mark_seen' && last) thread.seenMid = last.mid;
  }

  private async replyPrivately(
    account: Account,
    app: string,
    body: z.output<typeof Send>,
    res: Response,
  ): Promise<void> {
    const comment = this.messenger.comments.get(body.recipient.comment_id!);
    if (!comment || comment.account !== account.id) throw new GraphError(400, 100, 'Invalid comment id');
    if (comment.replyMid) throw new GraphError(400, 10, 'The comment was replied to already.', 2534025);
    if (this.messenger.now() - comment.at > REPLY_TO_COMMENT_MS)
      throw new GraphError(400, 10, 'This message is sent outside of allowed window.', 2534022);
    const content = await this.contentOf(body);
    const { mid } = this.messenger.answered(account.id, comment.person, { by: app, ...content });
    comment.replyMid = mid;
    res.json({ recipient_id: this.messenger.scopedId(account.id, comment.person), message_id: mid });
  }

  private async contentOf({ message }: z.output<typeof Send>) {
    const { text, quick_replies: replies, attachment } = message ?? {};
    if ((text === undefined) === (attachment === undefined))
      throw new GraphError(400, 100, 'Either text or an attachment');
    if (text !== undefined && (text === '' || Buffer.byteLength(text) > TEXT_BYTES))
      throw new GraphError(400, 100, 'Length of param message[text] must be less than or equal to 1000');
    if (replies && (replies.length > MAX_QUICK_REPLIES || text === undefined))
      throw new GraphError(400, 100, 'Invalid quick_replies');
    if (attachment) await this.checkMedia(attachment);
    return {
      ...(text !== undefined && { text }),
      ...(attachment && {
        attachments: [{ type: attachment.type, ...(attachment.payload && { payload: attachment.payload }) }],
      }),
      ...(replies && {
        quickReplies: replies.map(({ title, payload }) => ({ title: title.slice(0, TITLE_LENGTH), payload })),
      }),
    };
  }

  /** Meta fetches what it is given a link to. From this machine only: the sandbox reaches out to nobody. */
  private async checkMedia({ type, payload }: { type: string; payload?: { url: string } | undefined }): Promise<void> {
    if (type === 'like_heart') return;
    const limits = MEDIA[type];
    if (!limits || !payload) throw new GraphError(400, 100, 'Invalid attachment');
    const { hostname } = new URL(payload.url);
    if (!/^(127\.0\.0\.1|localhost|\[::1\])$/.test(hostname)) return;
    const response = await fetch(payload.url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    const mimeType = response?.headers.get('content-type')?.split(';')[0] ?? '';
    const bytes = response?.ok ? (await response.arrayBuffer()).byteLength : 0;
    if (!response?.ok || !limits.types.test(mimeType) || bytes > limits.maxBytes)
      throw new GraphError(400, 100, 'The attachment could not be fetched.', 2018047);
  }

  private file(req: Request, res: Response): void {
    const file = this.messenger.files.get(String(req.params['file']));
    if (!file || file.expiresAt < this.messenger.now()) return void res.status(403).send('URL signature expired');
    res.type(file.mimeType).send(file.bytes);
  }

  private tokenOf(req: Request): Token & { token: string } {
    const [, bearer] = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '') ?? [];
    const token = bearer ?? String(req.query['access_token'] ?? '');
    const known = this.tokens.get(token);
    if (!known || known.expiresAt <= this.messenger.now())
      throw new GraphError(400, 190, 'Error validating access token: it is invalid or has expired.');
    return { ...known, token };
  }

  /** The account of the token, which the path may name or call `me`. */
  private accountOf(req: Request): Account {
    const { account } = this.tokenOf(req);
    const named = req.params['id'];
    if (named !== undefined && named !== 'me' && named !== account)
      throw new GraphError(403, 200, 'The token is not of this account.');
    return this.messenger.account(account);
  }
}

const errorOf = ({ message, code, subcode }: GraphError) => ({
  error: {
    message,
    type: 'OAuthException',
    code,
    ...(subcode !== undefined && { error_subcode: subcode }),
    fbtrace_id: randomBytes(8).toString('base64url'),
  },
});

/** One address takes messages, private replies to comments, and what is only shown: each has faults of its own. */
function targetOf(body: unknown): 'messages' | 'private-replies' | 'actions' {
  const { sender_action: action, recipient } = (body ?? {}) as Partial<z.input<typeof Send>>;
  if (action !== undefined) return 'actions';
  return recipient?.comment_id === undefined ? 'messages' : 'private-replies';
}
