import { Inject, Injectable } from '@nestjs/common';
import { CHANNEL_TOKEN, type SignInFromWebApp } from '@switchboard/contracts';
import { Clock, CONFIG, type RequestOf } from '@switchboard/service-kit';
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { z } from 'zod';
import { BotTokensService } from '../bots/bot-tokens.service';
import { SignInRefused } from './providers/sign-in-provider';
import type { Http } from './sign-in-cookies';
import type { SignInConfig } from './sign-in.config';
import { type Account, type BroughtProof, type SignedIn, SignInService } from './sign-in.service';

/** The same person as in the bot, and as at oauth.telegram.org. */
const TELEGRAM: Account = { name: 'telegram', amr: 'tg_web_app' };

/**
 * Telegram says nothing of how long its data are good, and its apps bring the same again: when a page is loaded anew, and for a Web App
 * that was left open until the next day. They prove who somebody was when Telegram signed them, so a session of older ones is no fresh
 * proof. Source: telegramdesktop/tdesktop#28303, Ajaxy/telegram-tt#282.
 */
const GOOD_FOR_MS = 24 * 3_600_000;
const CLOCK_SKEW_MS = 60_000;
/** What stands before the 32 bytes of an Ed25519 key in DER. */
const ED25519_DER = '302a300506032b6570032100';

const User = z.object({
  id: z.int().positive(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  username: z.string().optional(),
  language_code: z.string().optional(),
  is_bot: z.boolean().optional(),
});

/** People sign in with what Telegram gives to the Web App of a bot. Source: core.telegram.org/bots/webapps, "Validating data". */
@Injectable()
export class WebAppSignInService {
  private readonly publicKey: KeyObject;

  constructor(
    private readonly signIn: SignInService,
    private readonly bots: BotTokensService,
    private readonly clock: Clock,
    @Inject(CONFIG) { GATEWAY_SIGN_IN_TELEGRAM_WEB_APP_PUBLIC_KEY: key }: SignInConfig,
  ) {
    this.publicKey = publicKeyOf(key);
  }

  async begin(
    http: Http,
    { botId, initData, ...wanted }: RequestOf<typeof SignInFromWebApp>['body'],
  ): Promise<Omit<SignedIn, 'returnTo'>> {
    const token = await this.bots.find(botId, TELEGRAM.name);
    const prove = (): BroughtProof => {
      if (!token) throw new SignInRefused(`${CHANNEL_TOKEN} of ${botId} is not known`);
      return provenBy(initData, token, { publicKey: this.publicKey, now: this.clock.now() });
    };
    return this.signIn.withProof(http, TELEGRAM, async () => prove(), wanted);
  }
}

/** @param key 32 bytes in hexadecimal digits */
export const publicKeyOf = (key: string): KeyObject =>
  createPublicKey({ key: Buffer.from(ED25519_DER + key, 'hex'), format: 'der', type: 'spki' });

/**
 * Believed is what both the bot's token and Telegram itself have signed. Whoever configures a bot knows its token, and could name
 * anybody with it; and what Telegram signed for another bot is not this one's.
 * @param token of the bot
 * @throws SignInRefused for what this bot was not given, or too long ago
 */
export function provenBy(
  initData: string,
  token: string,
  { publicKey, now }: { publicKey: KeyObject; now: Date },
): BroughtProof {
  const pairs = [...new URLSearchParams(initData)];
  const fields = new Map(pairs);
  if (fields.size < pairs.length) throw new SignInRefused('a field is there twice');
  // Whatever else there is has been signed, fields that came later included.
  const textWithout = (...names: string[]) =>
    pairs
      .filter(([name]) => !names.includes(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join('\n');
  const given = fields.get('hash') ?? '';
  const secret = createHmac('sha256', 'WebAppData').update(token).digest();
  const hash = createHmac('sha256', secret).update(textWithout('hash')).digest();
  if (!/^[0-9a-f]{64}$/i.test(given) || !timingSafeEqual(hash, Buffer.from(given, 'hex')))
    throw new SignInRefused('hash');
  const signed = Buffer.from(`${token.split(':')[0]}:WebAppData\n${textWithout('hash', 'signature')}`);
  const signature = Buffer.from(fields.get('signature') ?? '', 'base64url');
  if (!verify(null, signed, publicKey, signature)) throw new SignInRefused('signature');
  const at = Number(fields.get('auth_date')) * 1000;
  const age = now.getTime() - at;
  if (!(age <= GOOD_FOR_MS && age >= -CLOCK_SKEW_MS)) throw new SignInRefused('auth_date');
  const user = userIn(fields.get('user'));
  const { username, first_name: first, last_name: last } = user;
  const name = [first, last].filter(Boolean).join(' ') || undefined;
  return {
    ...{ externalId: String(user.id), name, label: username ? `@${username}` : name, locale: user.language_code },
    provenAt: new Date(Math.min(at, now.getTime())),
  };
}

function userIn(text: string | undefined): z.output<typeof User> {
  try {
    const user = User.parse(JSON.parse(text ?? ''));
    if (!user.is_bot) return user;
  } catch {
    // As it is without one: out of a keyboard, or in a channel.
  }
  throw new SignInRefused('no person');
}
