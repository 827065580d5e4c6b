import { z } from 'zod';
import type { ChannelOAuth, ConnectedToken } from '../channel';
import { NotConnected, Rejected } from '../channel-errors';
import type { InstagramApi } from './instagram.api';

/** The app of the operator at Meta. */
export interface InstagramApp {
  readonly id: string;
  readonly secret: string;
  readonly authorizeUrl: string;
}

const SCOPES = ['instagram_business_basic', 'instagram_business_manage_messages', 'instagram_business_manage_comments'];
/** What updates are brought of. */
const FIELDS = [
  ...['messages', 'messaging_postbacks', 'messaging_seen', 'message_reactions', 'messaging_referral', 'message_edit'],
  ...['comments', 'live_comments'],
];
const DAY_MS = 86_400_000;

/** Numbers where the documents say text, and a list where they say words with commas between. */
const Text = z.union([z.string(), z.number()]).transform(String);
const Short = z.object({
  access_token: z.string(),
  user_id: Text,
  permissions: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(',').filter(Boolean))])
    .default([]),
});
/** The documents have it in a list, and the service has answered it as it is. */
const ShortAnswer = z.union([Short, z.object({ data: z.array(Short).min(1) }).transform(({ data }) => data[0]!)]);
const Long = z.object({ access_token: z.string(), expires_in: z.number().positive() });
export const Me = z.object({ user_id: Text, username: z.string(), name: z.string().optional() });

/** A token lives sixty days, and is renewed on the fiftieth; the service renews none that is younger than a day. */
export class InstagramOAuth implements ChannelOAuth {
  readonly refreshAfterMs = 50 * DAY_MS;
  readonly minAgeMs = DAY_MS;

  constructor(
    private readonly api: InstagramApi,
    private readonly app: InstagramApp | undefined,
    private readonly now: () => Date,
  ) {}

  authorizeUrl(state: string, redirectUri: string): string | undefined {
    if (!this.app) return undefined;
    const query = {
      client_id: this.app.id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: SCOPES.join(','),
      state,
    };
    return `${this.app.authorizeUrl}?${new URLSearchParams(query)}`;
  }

  async exchange(code: string, redirectUri: string) {
    const { id, secret } = this.app ?? refuse('no app of Meta is configured');
    const form = {
      client_id: id,
      client_secret: secret,
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      // The address of the page ends with these two signs, which belong to no code.
      code: code.replace(/#_$/, ''),
    };
    const short = ShortAnswer.parse(
      await this.api.askOnce('exchange', { method: 'POST', path: '/oauth/access_token', form }).catch(asRejected),
    );
    const query = { grant_type: 'ig_exchange_token', client_secret: secret, access_token: short.access_token };
    const long = await this.api.ask('lengthen', { method: 'GET', path: '/access_token', query });
    return { ...this.tokenOf(long), account: short.user_id, scopes: short.permissions };
  }

  async describe(token: string) {
    const { user_id: account, username, name } = await this.me(token);
    return { account, title: name || username, username };
  }

  async refresh(token: string): Promise<ConnectedToken> {
    const query = { grant_type: 'ig_refresh_token', access_token: token };
    return this.tokenOf(await this.api.ask('refresh', { method: 'GET', path: '/refresh_access_token', query }));
  }

  async subscribe(account: string, token: string): Promise<void> {
    const query = { subscribed_fields: FIELDS.join(',') };
    await this.api.ask('subscribe', { method: 'POST', path: `/${account}/subscribed_apps`, token, query });
  }

  async unsubscribe(account: string, token: string): Promise<void> {
    await this.api.askOnce('unsubscribe', { method: 'DELETE', path: `/${account}/subscribed_apps`, token });
  }

  async me(token: string): Promise<z.output<typeof Me>> {
    const query = { fields: 'user_id,username,name' };
    return Me.parse(await this.api.askOnce('me', { method: 'GET', path: '/me', token, query }));
  }

  private tokenOf(answer: unknown): ConnectedToken {
    const { access_token: token, expires_in: seconds } = Long.parse(answer);
    return { token, expiresAt: new Date(this.now().getTime() + seconds * 1000) };
  }
}

/** A code that is not taken is answered in several ways; only what says that the service is in trouble is something else. */
function asRejected(error: unknown): never {
  if (error instanceof NotConnected) throw new Rejected(error.message);
  throw error;
}

function refuse(why: string): never {
  throw new Rejected(why);
}
