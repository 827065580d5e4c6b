import type { ChannelReport } from '@switchboard/contracts';
import { ConfigError, ResiliencePolicy, UpstreamTimeout, UpstreamUnavailable } from '@switchboard/service-kit';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  type Capabilities,
  type Channel,
  defineChannel,
  type Inbound,
  type OutboundMessage,
} from '../../src/channels/channel';
import {
  ChannelBusy,
  FileGone,
  NotSent,
  OutcomeUnknown,
  Rejected,
  Unreachable,
  UnknownAccount,
  UnreadableUpdate,
  WrongWebhookSecret,
} from '../../src/channels/channel-errors';
import { spellOutButtons } from '../../src/channels/spell-out';
import { inBytes, renderPlain, splitPlain } from '../../src/rich-text/render-plain';

/**
 * A channel of the kind of Instagram and WhatsApp, that exists nowhere: one webhook for all accounts, with several updates in one
 * call and a signature over it; texts of 1000 bytes; no buttons, no edits, no formatting.
 */
const Update = z.object({
  id: z.string(),
  from: z.object({ id: z.string(), name: z.string() }),
  text: z.string().optional(),
  sticker: z.boolean().optional(),
  at: z.number(),
});
const Batch = z.object({ entry: z.array(z.object({ account: z.string(), updates: z.array(z.unknown()) })) });
const UpdateId = z.object({ id: z.string() });

const TEXT_BYTES = 1000;
const RATE = { perSecond: 100, burst: 100 };
const Answer = z.object({
  id: z.string().optional(),
  error: z.string().optional(),
  waitSeconds: z.number().optional(),
});

export const pigeon = defineChannel({
  kind: 'pigeon',
  settings: z.strictObject({
    account: z.string(),
    tokenEnv: z.string(),
    // What tells every service that only pretended people talk to the bot.
    apiRoot: z.literal('sandbox').optional(),
  }),
  variables: {
    PIGEON_API: z.url(),
    /** The launcher sets it to where the party `pigeon` of the sandbox answers. */
    PIGEON_SANDBOX_URL: z.url().optional(),
    PIGEON_APP_SECRET: z.string().min(1),
  },

  create({ id, settings, secret }, { config, registry, sendTimeoutMs }) {
    const root = settings.apiRoot ? config.PIGEON_SANDBOX_URL : config.PIGEON_API;
    if (!root) throw new ConfigError(`The bot "${id}" lives in the sandbox: set PIGEON_SANDBOX_URL`);
    // Never repeated here: the deliveries know how often is right.
    const policy = new ResiliencePolicy({ name: 'pigeon', registry, timeoutMs: sendTimeoutMs, isOutage });
    return new PigeonChannel(settings.account, `${root}/${secret('token')}`, config.PIGEON_APP_SECRET, policy);
  },

  unpack({ method, query, headers, rawBody, body }, channels) {
    const [some] = channels.values();
    if (!some) throw new UnknownAccount();
    if (method === 'GET') return { updates: [], answer: { contentType: 'text/plain', body: query['challenge'] ?? '' } };
    if (!some.isSignature(headers['x-signature'], rawBody)) throw new WrongWebhookSecret();
    const batch = Batch.safeParse(body);
    // Whoever has signed it is the channel: what cannot be taken apart is kept as a whole.
    const entries = batch.success ? batch.data.entry : [{ account: some.account, updates: [body] }];
    const botOf = new Map([...channels].map(([botId, { account }]) => [account, botId]));
    return {
      updates: entries.flatMap(({ account, updates }) => {
        const botId = botOf.get(account);
        return botId ? updates.map((content) => ({ botId, id: idOf(content), content })) : [];
      }),
    };
  },
});

class PigeonChannel implements Channel {
  readonly capabilities: Capabilities = {
    buttons: false,
    voice: false,
    files: [],
    edits: false,
    textLimit: { max: TEXT_BYTES, unit: 'bytes' },
    previews: () => 'none',
    replyWindowMs: 86_400_000,
    idempotentSends: false,
    rates: { bot: RATE, private: RATE, group: RATE },
  };

  constructor(
    readonly account: string,
    private readonly api: string,
    private readonly appSecret: string,
    private readonly policy: ResiliencePolicy,
  ) {}

  isSignature(given: string | undefined, body: Buffer): boolean {
    const expected = Buffer.from(createHmac('sha256', this.appSecret).update(body).digest('hex'));
    const found = Buffer.from(given ?? '');
    return found.length === expected.length && timingSafeEqual(found, expected);
  }

  parse(content: unknown): Promise<Inbound[]> {
    const update = Update.safeParse(content);
    if (!update.success) throw new UnreadableUpdate('not an update of the pigeons');
    const { id, from, text, sticker, at } = update.data;
    const by = {
      chat: { externalId: from.id, kind: 'private' as const },
      from: { externalId: from.id, name: from.name },
      externalMessageId: id,
    };
    if (sticker) return Promise.resolve([{ kind: 'unsupported', ...by, what: 'sticker', hasText: false }]);
    const [, command, argument = ''] = /^\/(\w+)\s*(.*)$/s.exec(text ?? '') ?? [];
    if (command) return Promise.resolve([{ kind: 'command', ...by, name: command, argument }]);
    return Promise.resolve(text ? [{ kind: 'message', ...by, text, sentAt: new Date(at) }] : []);
  }

  compose(content: Parameters<Channel['compose']>[0]): OutboundMessage[] {
    return splitPlain(renderPlain(spellOutButtons(content)), TEXT_BYTES, inBytes).map((text) => ({ text }));
  }

  composePreview = (): OutboundMessage => ({ text: '' });

  async send({ externalId }: { externalId: string }, { text }: OutboundMessage) {
    const { id, error, waitSeconds } = await this.policy
      .call('messages', (signal) => this.post({ to: externalId, text }, signal))
      .catch((failure: unknown) => {
        throw meaningOf(failure);
      });
    if (waitSeconds !== undefined) throw new ChannelBusy(waitSeconds);
    if (error === 'blocked') throw new Unreachable('blocked', error);
    if (!id) throw new Rejected(error ?? 'no id');
    return { externalMessageId: id };
  }

  private async post(body: object, signal: AbortSignal): Promise<z.output<typeof Answer>> {
    const response = await fetch(`${this.api}/messages`, { method: 'POST', body: JSON.stringify(body), signal });
    if (response.status >= 500) throw new OutcomeUnknown('server_error', `the pigeons answered ${response.status}`);
    return Answer.parse(await response.json());
  }

  async inspect(): Promise<ChannelReport> {
    const response = await fetch(`${this.api}/me`).catch(() => undefined);
    if (response?.ok) return { account: { id: this.account }, findings: [] };
    const code = response ? 'token_unknown' : 'unreachable';
    return {
      findings: [{ code, severity: 'error', detail: { en: 'No pigeon knows it.', ru: 'Голуби его не знают.' } }],
    };
  }

  showDraft = () => Promise.resolve();
  showMessage = () => Promise.reject(new Rejected('there are no previews here'));
  deleteMessage = () => Promise.reject(new Rejected('what was sent stays'));
  showActivity = () => Promise.resolve();
  answerPress = () => Promise.resolve();
  fetchFile = (): Promise<Readable> => Promise.reject(new FileGone('there are no files here'));
}

/** What they refuse comes as an answer: whatever is thrown says that they are in trouble. */
const isOutage = () => true;

/** Whether it can have arrived, in the errors that deliveries know. */
function meaningOf(error: unknown): Error {
  if (error instanceof OutcomeUnknown) return error;
  if (error instanceof UpstreamTimeout) return new OutcomeUnknown('timeout', error.message);
  if (error instanceof UpstreamUnavailable) return new NotSent(error.message);
  const { code } = ((error as Error).cause ?? {}) as { code?: string };
  return code === 'ECONNREFUSED' ? new NotSent('no connection') : new OutcomeUnknown('connection', String(error));
}

const idOf = (content: unknown) =>
  UpdateId.safeParse(content).data?.id ?? `unreadable:${JSON.stringify(content)}`.slice(0, 200);
