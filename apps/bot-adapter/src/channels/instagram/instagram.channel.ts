import type { ChannelReport } from '@switchboard/contracts';
import { LRUCache } from 'lru-cache';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { inBytes, renderPlain, splitPlain } from '../../rich-text/render-plain';
import type {
  Capabilities,
  Channel,
  ChannelDependencies,
  ChatAddress,
  CommentReplies,
  ConnectedAccount,
  Inbound,
  InboundComment,
  InboundPerson,
  Introduction,
  OutboundContent,
  OutboundMedia,
  OutboundMessage,
  Receipt,
  SendOptions,
} from '../channel';
import { NotConnected, OutcomeUnknown, Rejected, UnreadableUpdate } from '../channel-errors';
import { offerChoices } from '../spell-out';
import { type InstagramApi, MAX_FILE_BYTES } from './instagram.api';
import { AlreadyReplied } from './instagram.errors';
import { NOT_YET, OTHER_ACCOUNT, TOKEN_UNKNOWN, UNREACHABLE } from './instagram.findings';
import type { InstagramOAuth } from './instagram.oauth';
import { Update } from './instagram.shapes';
import { parseUpdate } from './instagram.updates';
import { oggToWav } from './ogg-to-wav';

const TEXT_BYTES = 1000;
const DAY_MS = 86_400_000;
/** Source: messaging-api/quick-replies. */
const QUICK_REPLIES = { how: 'quick-replies', max: 13, labelMax: 20, unit: 'utf16', onlyWithText: true } as const;
/** Source: messaging-api, ice breakers: at most four. */
const MAX_OPENERS = 4;
/** Source: messaging-api, rate limits: 300 calls a second of texts for an account, and 10 of media. */
const PER_ACCOUNT = { perSecond: 100, burst: 100 };
const IN_CHAT = { perSecond: 20, burst: 20 };
const OF_MEDIA = { perSecond: 10, burst: 10 };
const PROFILES = { max: 5000, ttl: DAY_MS };

/** Source: messaging-api, media. */
const FILES_OUT = {
  voice: { mimeTypes: ['audio/aac', 'audio/mp4', 'audio/wav'], maxBytes: MAX_FILE_BYTES },
  audio: { mimeTypes: ['audio/aac', 'audio/mp4', 'audio/wav'], maxBytes: MAX_FILE_BYTES },
  photo: { mimeTypes: ['image/png', 'image/jpeg'], maxBytes: 8_000_000 },
  video: { mimeTypes: ['video/mp4', 'video/webm', 'video/quicktime'], maxBytes: MAX_FILE_BYTES },
  document: { mimeTypes: ['application/pdf'], maxBytes: MAX_FILE_BYTES },
};
/** In which answers are spoken, and which Instagram does not take. */
const OGG = /\bogg\b/;
const ATTACHMENT_OF = { voice: 'audio', audio: 'audio', photo: 'image', video: 'video', document: 'file' } as const;

export interface InstagramOutbound extends OutboundMessage {
  readonly replies?: readonly { readonly title: string; readonly payload: string }[];
  readonly media?: OutboundMedia;
}

const Sent = z.object({ message_id: z.string() });
const Profile = z.object({ name: z.string().optional(), username: z.string().optional() });

export interface CommentsSettings {
  readonly mode: 'off' | 'keyword' | 'all';
  readonly keywords: readonly string[];
  readonly text?: string | undefined;
}

type Dependencies = Pick<ChannelDependencies<unknown>, 'connection' | 'publish'>;

/** One professional account in Instagram Direct. */
export class InstagramChannel implements Channel<InstagramOutbound> {
  readonly capabilities: Capabilities = {
    buttons: false,
    voice: false,
    pressesStay: false,
    choices: QUICK_REPLIES,
    files: { in: ['voice', 'photo', 'video', 'document'], out: FILES_OUT },
    filesBy: 'link',
    filesExpire: true,
    captions: false,
    markup: 'plain',
    edits: false,
    deletes: false,
    readMarks: true,
    reactions: true,
    echoes: true,
    confirms: 'echo',
    personScope: 'account',
    textLimit: { max: TEXT_BYTES, unit: 'bytes' },
    previews: () => 'none',
    // A comment opens nothing, and neither does a reaction or a look.
    window: {
      forBotMs: DAY_MS,
      forPersonMs: 7 * DAY_MS,
      outside: 'nothing',
      opens: ['message', 'command', 'unsupported', 'press'],
    },
    rates: { bot: PER_ACCOUNT, private: IN_CHAT, group: IN_CHAT, media: OF_MEDIA },
    maxFileBytes: MAX_FILE_BYTES,
  };

  readonly comments?: CommentReplies;
  private readonly profiles = new LRUCache<string, { name: string; username?: string }>(PROFILES);

  constructor(
    private readonly api: InstagramApi,
    readonly oauth: InstagramOAuth,
    private readonly deps: Dependencies,
    /** Of a bot that was given a token, in place of one that was connected. */
    private readonly given: ConnectedAccount | undefined,
    readonly isSandbox: boolean,
    comments: CommentsSettings,
  ) {
    // Files are fetched from us: where nobody reaches us none can be sent.
    if (deps.publish) this.capabilities = { ...this.capabilities, voice: true };
    else this.capabilities = { ...this.capabilities, files: { ...this.capabilities.files, out: {} } };
    if (comments.mode !== 'off' && comments.text) this.comments = this.commentReplies(comments, comments.text);
  }

  get account(): string {
    return this.connected?.account ?? '';
  }

  async parse(content: unknown): Promise<Inbound[]> {
    const update = Update.safeParse(content);
    if (!update.success) throw new UnreadableUpdate(`not an update of Instagram: ${z.prettifyError(update.error)}`);
    return Promise.all(parseUpdate(update.data, this.account).map((inbound) => this.withName(inbound)));
  }

  compose(content: OutboundContent): InstagramOutbound[] {
    const { text, choices } = offerChoices(content, this.capabilities.choices);
    const parts: InstagramOutbound[] = splitPlain(renderPlain(text), TEXT_BYTES, inBytes).map((part) => ({
      text: part,
    }));
    const replies = choices.map(({ label: title, data: payload }) => ({ title, payload }));
    const last = parts.pop();
    return [
      ...(content.media ? [{ text: '', media: content.media }] : []),
      ...parts,
      ...(last ? [{ ...last, ...(replies.length > 0 && { replies }) }] : []),
    ];
  }

  composePreview = (): InstagramOutbound => ({ text: '' });

  async send({ externalId }: ChatAddress, message: InstagramOutbound, options: SendOptions = {}): Promise<Receipt> {
    const body = {
      recipient: { id: externalId },
      // The longer window is for what a person has typed, and for nothing else: an account that uses it otherwise is closed.
      ...(options.author === 'person'
        ? { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }
        : { messaging_type: 'RESPONSE' }),
      message: await this.bodyOf(message, options.key ?? externalId),
    };
    const answer = await this.call((token, account) =>
      this.api.send('messages', { method: 'POST', path: `/${account}/messages`, token, body }),
    );
    const sent = Sent.safeParse(answer).data;
    // A success that names nothing may have been one.
    if (!sent) throw new OutcomeUnknown('server_error', 'the answer of Instagram names no message');
    return { externalMessageId: sent.message_id };
  }

  async showActivity({ externalId }: ChatAddress): Promise<void> {
    await this.act(externalId, { sender_action: 'typing_on' });
  }

  async markRead({ externalId }: ChatAddress): Promise<void> {
    await this.act(externalId, { sender_action: 'mark_seen' });
  }

  async introduce({ openers = [] }: Introduction): Promise<void> {
    if (this.connected?.token === undefined || openers.length === 0) return;
    const call_to_actions = openers.slice(0, MAX_OPENERS).map(({ question, data: payload }) => ({ question, payload }));
    const body = { platform: 'instagram', ice_breakers: [{ call_to_actions, locale: 'default' }] };
    await this.call((token, account) =>
      this.api.ask('introduce', { method: 'POST', path: `/${account}/messenger_profile`, token, body }),
    );
  }

  fetchFile(externalId: string): Promise<Readable> {
    return this.api.download(externalId);
  }

  async inspect(): Promise<ChannelReport> {
    const { connected } = this;
    if (!connected) return { findings: [NOT_YET] };
    if (connected.token === undefined) return { findings: [TOKEN_UNKNOWN] };
    try {
      const { user_id: id, username, name } = await this.oauth.me(connected.token);
      const account = { id, name: name ?? username, username, url: `https://www.instagram.com/${username}` };
      return { account, findings: id === connected.account ? [] : [OTHER_ACCOUNT] };
    } catch (error) {
      return { findings: [error instanceof NotConnected ? TOKEN_UNKNOWN : UNREACHABLE] };
    }
  }

  showDraft = () => Promise.resolve();
  showMessage = () => Promise.reject(new Rejected('there are no previews here'));
  deleteMessage = () => Promise.reject(new Rejected('what was sent stays'));
  answerPress = () => Promise.resolve();

  private get connected(): ConnectedAccount | undefined {
    return this.given ?? this.deps.connection.get();
  }

  private async bodyOf({ text, replies, media }: InstagramOutbound, key: string): Promise<object> {
    if (media) {
      const url = await this.linkTo(media, key);
      return { attachment: { type: ATTACHMENT_OF[media.kind], payload: { url } } };
    }
    const quick_replies = replies?.map((reply) => ({ content_type: 'text', ...reply }));
    return { text: text.toWellFormed(), ...(quick_replies && { quick_replies }) };
  }

  private async linkTo(media: OutboundMedia, key: string): Promise<string> {
    if (!this.deps.publish) throw new Rejected('files are fetched by a link: set BOT_ADAPTER_PUBLIC_URL');
    if (!OGG.test(media.mimeType)) return this.deps.publish(media, key);
    const bytes = await oggToWav(media.bytes).catch((error: Error) => {
      throw new Rejected(error.message);
    });
    return this.deps.publish({ ...media, bytes, mimeType: 'audio/wav' }, key);
  }

  private async act(id: string, action: object): Promise<void> {
    const body = { recipient: { id }, ...action };
    await this.call((token, account) =>
      this.api.tryTo('actions', { method: 'POST', path: `/${account}/messages`, token, body }),
    );
  }

  /** Nothing is asked without an account, and whoever keeps them learns that it is ours no more. */
  private async call<T>(work: (token: string, account: string) => Promise<T>): Promise<T> {
    const { connected } = this;
    if (connected?.token === undefined) throw new NotConnected('no account is connected');
    try {
      return await work(connected.token, connected.account);
    } catch (error) {
      if (error instanceof NotConnected && !this.given) this.deps.connection.lost(connected);
      throw error;
    }
  }

  /** Updates bring an id and no name. Without one everything else goes on. */
  private async withName(inbound: Inbound): Promise<Inbound> {
    if (inbound.kind !== 'message' && inbound.kind !== 'command' && inbound.kind !== 'unsupported') return inbound;
    return { ...inbound, from: { ...inbound.from, ...(await this.profileOf(inbound.from)) } };
  }

  private async profileOf({ externalId }: InboundPerson): Promise<{ name: string; username?: string }> {
    const { connected } = this;
    const known = this.profiles.get(externalId);
    if (known || connected?.token === undefined) return known ?? { name: '' };
    const query = { fields: 'name,username' };
    const asked = this.api.tryTo('profile', { method: 'GET', path: `/${externalId}`, token: connected.token, query });
    const { name, username } = Profile.safeParse(await asked.catch(() => ({}))).data ?? {};
    const profile = { name: name || username || '', ...(username && { username }) };
    this.profiles.set(externalId, profile);
    return profile;
  }

  private commentReplies({ mode, keywords }: CommentsSettings, text: string): CommentReplies {
    const words = keywords.map((word) => word.toLowerCase());
    return {
      text,
      isWanted: ({ text: said, parentId }: InboundComment) =>
        // An answer to a comment is talk among others.
        parentId === undefined && (mode === 'all' || words.some((word) => said.toLowerCase().includes(word))),
      withinMs: 7 * DAY_MS,
      // Source: rate limits: 750 an hour; less, because others count by other hours.
      perHour: 700,
      reply: async (commentId) => {
        const body = { recipient: { comment_id: commentId }, message: { text } };
        try {
          await this.call((token, account) =>
            this.api.send('private-reply', { method: 'POST', path: `/${account}/messages`, token, body }),
          );
        } catch (error) {
          if (!(error instanceof AlreadyReplied)) throw error;
        }
      },
    };
  }
}
