import { BotFieldError, ConfigError, secret as secretText } from '@switchboard/service-kit';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { defineChannel, type WebhookRequest } from '../channel';
import { UnknownAccount, WrongWebhookSecret } from '../channel-errors';
import { InstagramApi } from './instagram.api';
import { InstagramChannel } from './instagram.channel';
import { InstagramOAuth } from './instagram.oauth';
import { Webhook } from './instagram.shapes';
import { updatesOf } from './instagram.updates';

const SANDBOX = 'sandbox';
/** The app of the sandbox, which lets nobody in anywhere else. */
const SANDBOX_APP = { id: 'sandbox', secret: 'sandbox-app-secret', verifyToken: 'sandbox-verify-token' };
const httpUrl = z.url({ protocol: /^https?$/ });

/** A text of one message there. */
const ReplyText = z.string().refine((text) => Buffer.byteLength(text) <= 1000, 'has more than 1000 bytes');

export const instagram = defineChannel({
  kind: 'instagram',
  settings: z.strictObject({
    account: z
      .string()
      .regex(/^\d{5,20}$/)
      .optional()
      .describe('Its id, where a token is given; an account that is connected in the console needs neither.'),
    token: z.string().optional().describe('In the sandbox only; else name where it is:'),
    tokenEnv: z.string().optional().describe('The variable that holds the token.'),
    tokenFile: z.string().optional().describe('The file that holds the token.'),
    apiRoot: z.literal(SANDBOX).optional().describe('It lives in the sandbox, and not at Instagram.'),
    comments: z
      .strictObject({
        mode: z.enum(['off', 'keyword', 'all']).default('off'),
        keywords: z.array(z.string().trim().min(1)).default([]).describe('One of them has to be in the comment.'),
        text: ReplyText.optional().describe('What whoever has written it is told in private, once.'),
      })
      .prefault({})
      .describe('Comments under posts of the account that are answered in private.'),
  }),
  variables: {
    INSTAGRAM_APP_ID: z.string().min(1).optional().describe('Of your app at Meta, by which accounts are connected.'),
    INSTAGRAM_APP_SECRET: secretText(16)
      .optional()
      .describe('Of the same app: by it is known that a call of the webhook is from Instagram.'),
    INSTAGRAM_VERIFY_TOKEN: secretText(16)
      .optional()
      .describe('What you give Meta together with the address of the webhook, <public address>/webhooks/instagram/_.'),
    INSTAGRAM_GRAPH_VERSION: z
      .string()
      .regex(/^v\d+\.\d+$/)
      .default('v25.0'),
    /** The launcher sets it to where the party `instagram` of the sandbox answers. */
    INSTAGRAM_SANDBOX_URL: httpUrl.optional().describe('Where bots with the apiRoot "sandbox" live.'),
  },
  servers: { settings: [], variables: ['INSTAGRAM_SANDBOX_URL'] },

  create({ id, settings, secret }, { config, registry, sendTimeoutMs, servers, connection, publish, clock }) {
    const isSandbox = settings.apiRoot === SANDBOX;
    const sandbox = config.INSTAGRAM_SANDBOX_URL?.replace(/\/$/, '');
    if (isSandbox && !sandbox) throw new ConfigError(`The bot "${id}" lives in the sandbox: set INSTAGRAM_SANDBOX_URL`);
    const { mode, text, keywords } = settings.comments;
    if (mode !== 'off' && !text) throw new BotFieldError('channel.comments.text', NO_TEXT, 'required');
    if (mode === 'keyword' && keywords.length === 0)
      throw new BotFieldError('channel.comments.keywords', NO_KEYWORDS, 'required');
    const token = secret('token');
    if (token && !settings.account) throw new BotFieldError('channel.account', NO_ACCOUNT, 'required');
    const api = new InstagramApi({
      graphRoot: isSandbox ? sandbox! : 'https://graph.instagram.com',
      codeRoot: isSandbox ? sandbox! : 'https://api.instagram.com',
      version: config.INSTAGRAM_GRAPH_VERSION,
      ...{ servers, registry, sendTimeoutMs },
    });
    const { INSTAGRAM_APP_ID: appId, INSTAGRAM_APP_SECRET: appSecret } = config;
    const app = isSandbox
      ? { ...SANDBOX_APP, authorizeUrl: `${sandbox}/oauth/authorize` }
      : appId && appSecret
        ? { id: appId, secret: appSecret, authorizeUrl: 'https://www.instagram.com/oauth/authorize' }
        : undefined;
    const oauth = new InstagramOAuth(api, app, () => clock.now());
    const given = token ? { account: settings.account!, username: null, token } : undefined;
    const deps = { connection, ...(publish && { publish }) };
    return new InstagramChannel(api, oauth, deps, given, isSandbox, settings.comments);
  },

  unpack(request, channels, config) {
    const sandbox = config.INSTAGRAM_SANDBOX_URL ? SANDBOX_APP : undefined;
    const { INSTAGRAM_APP_SECRET: secret, INSTAGRAM_VERIFY_TOKEN: verifyToken } = config;
    if (request.method === 'GET')
      return { updates: [], answer: handshake(request, [verifyToken, sandbox?.verifyToken]) };
    const { headers, rawBody, body } = request;
    const signature = headers['x-hub-signature-256'];
    // Whoever knows the secret of the sandbox, which is no secret, speaks of accounts of the sandbox only.
    const isReal = secret !== undefined && isSignature(signature, rawBody, secret);
    const isOfSandbox = sandbox !== undefined && isSignature(signature, rawBody, sandbox.secret);
    if (!isReal && !isOfSandbox) throw new WrongWebhookSecret();
    const addressed = [...channels].filter(
      ([, { isSandbox, account }]) => account && (isSandbox ? isOfSandbox : isReal),
    );
    const botOf = new Map(addressed.map(([botId, { account }]) => [account, botId]));
    const batch = Webhook.safeParse(body);
    if (!batch.success) {
      // It is from Instagram all the same: what cannot be taken apart is kept as a whole.
      const [some] = addressed;
      if (!some) throw new UnknownAccount();
      const content = body ?? rawBody.toString('utf8');
      return { updates: [{ botId: some[0], id: `unreadable:${hashOf(rawBody)}`, content }] };
    }
    const all = updatesOf(batch.data);
    const updates = all.flatMap(({ account, id, content }) => {
      const botId = botOf.get(account);
      return botId ? [{ botId, id, content }] : [];
    });
    return { updates, ofNobody: all.length - updates.length };
  },
});

/** Source: graph-api/webhooks/getting-started: the challenge comes back as it is. */
function handshake({ query }: WebhookRequest, tokens: readonly (string | undefined)[]) {
  const given = query['hub.verify_token'];
  const isOurs = given !== undefined && tokens.some((token) => token !== undefined && isSame(given, token));
  if (query['hub.mode'] !== 'subscribe' || !isOurs) throw new WrongWebhookSecret();
  return { contentType: 'text/plain', body: query['hub.challenge'] ?? '' };
}

/** Over the bytes as they came: written anew they would be others. */
const isSignature = (given: string | undefined, body: Buffer, secret: string) =>
  given !== undefined && isSame(given, `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);

/** Takes the same time wherever the two differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHmac('sha256', 'comparison').update(text).digest());
  return timingSafeEqual(a!, b!);
}

const hashOf = (body: Buffer) => createHmac('sha256', 'unreadable').update(body).digest('base64url');

const NO_TEXT = {
  en: 'says nothing: give the text that whoever comments is sent',
  ru: 'пуст: задайте текст, который получит автор комментария',
};
const NO_KEYWORDS = {
  en: 'is empty, so no comment would be answered',
  ru: 'пуст, поэтому ни один комментарий не получит ответа',
};
const NO_ACCOUNT = {
  en: 'is missing: a token needs the id of its account, and an account that is connected in the console needs no token',
  ru: 'не указан: к токену нужен id его аккаунта, а подключённому в консоли аккаунту токен не нужен',
};
