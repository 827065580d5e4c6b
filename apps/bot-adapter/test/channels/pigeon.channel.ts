import type { ChannelReport } from '@switchboard/contracts';
import { ConfigError, ResiliencePolicy, UpstreamTimeout, UpstreamUnavailable } from '@switchboard/service-kit';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  type Capabilities,
  type Channel,
  type ChatAddress,
  defineChannel,
  type Inbound,
  type OutboundContent,
  type OutboundMessage,
} from '../../src/channels/channel';
import {
  ChannelBusy,
  FileGone,
  NotConnected,
  NotSent,
  OutcomeUnknown,
  Rejected,
  Unreachable,
  UnknownAccount,
  UnreadableUpdate,
  WrongWebhookSecret,
} from '../../src/channels/channel-errors';
import { offerChoices } from '../../src/channels/spell-out';
import { inBytes, renderPlain, splitPlain } from '../../src/rich-text/render-plain';

/**
 * A channel of the kind of Instagram and WhatsApp, that exists nowhere: one webhook for all accounts, with several updates in one
 * call and a signature over it; texts of 1000 bytes; no buttons, no edits, no formatting; quick replies, a window of a day, and
 * everything that is sent comes back as an echo.
 */
const Update = z.object({
  id: z.string(),
  from: z.object({ id: z.string(), name: z.string() }),
  text: z.string().optional(),
  choice: z.string().optional(),
  sticker: z.boolean().optional(),
  photo: z.string().optional(),
  ref: z.string().optional(),
  echo: z.object({ id: z.string(), text: z.string(), author: z.enum(['person', 'unknown']) }).optional(),
  status: z.object({ id: z.string(), state: z.string() }).optional(),
  reaction: z.object({ id: z.string(), emoji: z.string().nullable() }).optional(),
  deleted: z.string().optional(),
  at: z.number(),
});

interface PigeonMessage extends OutboundMessage {
  readonly replies?: readonly { readonly title: string; readonly payload: string }[];
}
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
    return new PigeonChannel(settings.account, `${root}/${secret('token')}`, policy);
  },

  unpack({ method, query, headers, rawBody, body }, channels, { PIGEON_APP_SECRET: secret }) {
    if (method === 'GET') return { updates: [], answer: { contentType: 'text/plain', body: query['challenge'] ?? '' } };
    if (!isSignature(headers['x-signature'], rawBody, secret)) throw new WrongWebhookSecret();
    const [some] = channels.values();
    if (!some) throw new UnknownAccount();
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

class PigeonChannel implements Channel<PigeonMessage> {
  readonly capabilities: Capabilities = {
    buttons: false,
    voice: false,
    pressesStay: false,
    choices: { how: 'quick-replies', max: 3, labelMax: 20, unit: 'utf16', onlyWithText: true },
    files: { in: ['photo'], out: {} },
    filesBy: 'link',
    filesExpire: true,
    captions: false,
    markup: 'plain',
    edits: false,
    deletes: false,
    readMarks: true,
    reactions: false,
    echoes: true,
    confirms: 'echo',
    personScope: 'account',
    textLimit: { max: TEXT_BYTES, unit: 'bytes' },
    previews: () => 'none',
    window: { forBotMs: 86_400_000, outside: 'nothing', opens: ['message', 'command', 'unsupported'] },
    rates: { bot: RATE, private: RATE, group: RATE },
  };

  constructor(
    readonly account: string,
    private readonly api: string,
    private readonly policy: ResiliencePolicy,
  ) {}

  parse(content: unknown): Promise<Inbound[]> {
    const update = Update.safeParse(content);
    if (!update.success) throw new UnreadableUpdate('not an update of the pigeons');
    return Promise.resolve(inboundOf(update.data));
  }

  compose(content: OutboundContent): PigeonMessage[] {
    const { text, choices } = offerChoices(content, this.capabilities.choices);
    const messages: PigeonMessage[] = splitPlain(renderPlain(text), TEXT_BYTES, inBytes).map((part) => ({
      text: part,
    }));
    const last = messages.pop();
    if (!last) return [];
    const replies = choices.map(({ label: title, data: payload }) => ({ title, payload }));
    return [...messages, { ...last, ...(replies.length > 0 && { replies }) }];
  }

  composePreview = (): OutboundMessage => ({ text: '' });

  async send({ externalId }: ChatAddress, { text, replies }: PigeonMessage) {
    const { id, error, waitSeconds } = await this.policy
      .call('messages', (signal) => this.post({ to: externalId, text, ...(replies && { replies }) }, signal))
      .catch((failure: unknown) => {
        throw meaningOf(failure);
      });
    if (waitSeconds !== undefined) throw new ChannelBusy(waitSeconds, 'chat');
    if (error === 'blocked') throw new Unreachable('blocked', error);
    if (error === 'disconnected') throw new NotConnected(error);
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

  async markRead({ externalId }: ChatAddress, externalMessageId: string): Promise<void> {
    await this.post({ to: externalId, read: externalMessageId }, AbortSignal.timeout(5000));
  }

  async fetchFile(externalId: string): Promise<Readable> {
    const response = await fetch(`${this.api}/files/${externalId}`);
    if (!response.ok) throw new FileGone(`the pigeons answered ${response.status}`);
    return Readable.from([Buffer.from(await response.arrayBuffer())]);
  }

  showDraft = () => Promise.resolve();
  showMessage = () => Promise.reject(new Rejected('there are no previews here'));
  deleteMessage = () => Promise.reject(new Rejected('what was sent stays'));
  showActivity = () => Promise.resolve();
  answerPress = () => Promise.resolve();
}

function inboundOf({ id, from, at, ...update }: z.output<typeof Update>): Inbound[] {
  const { text, choice, sticker, photo, ref, echo, status, reaction, deleted } = update;
  const chat = { externalId: from.id, kind: 'private' as const };
  const sentAt = new Date(at);
  const by = { chat, from: { externalId: from.id, name: from.name }, externalMessageId: id, sentAt };
  if (echo) return [{ kind: 'echo', chat, externalMessageId: echo.id, text: echo.text, author: echo.author, sentAt }];
  if (status) return [{ kind: 'status', chat, externalMessageId: status.id, state: status.state, sentAt }];
  if (reaction) return [{ kind: 'reaction', ...by, externalMessageId: reaction.id, emoji: reaction.emoji }];
  if (deleted) return [{ kind: 'deleted', ...by, externalMessageId: deleted }];
  if (ref) return [{ kind: 'referral', ...by, ref }];
  if (sticker) return [{ kind: 'unsupported', ...by, what: 'sticker', hasText: false }];
  if (photo) return [{ kind: 'message', ...by, file: { kind: 'photo', externalId: photo, mimeType: 'image/png' } }];
  const [, command, argument = ''] = /^\/(\w+)\s*(.*)$/s.exec(text ?? '') ?? [];
  if (command) return [{ kind: 'command', ...by, name: command, argument }];
  return text ? [{ kind: 'message', ...by, text, ...(choice && { choice }) }] : [];
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

function isSignature(given: string | undefined, body: Buffer, secret: string): boolean {
  const expected = Buffer.from(createHmac('sha256', secret).update(body).digest('hex'));
  const found = Buffer.from(given ?? '');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

const idOf = (content: unknown) =>
  UpdateId.safeParse(content).data?.id ?? `unreadable:${JSON.stringify(content)}`.slice(0, 200);
