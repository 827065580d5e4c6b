import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, FieldCipher } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { SpentOnce } from '../limits/spent-once';
import type { Attempt } from './providers/sign-in-provider';
import { type Http, readCookie, setCookie } from './sign-in-cookies';
import { pageOf, type SignInConfig } from './sign-in.config';

const COOKIE = '__Host-sign-in';
const PLACE = 'cookies.sign-in';
const LIVES_MS = 10 * 60_000;

const Remembered = z.object({
  id: z.uuid(),
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  /** Whose account the identity is added to; absent of a sign-in. */
  linkTo: z.uuid().optional(),
  expiresAt: z.number(),
});
type Remembered = z.output<typeof Remembered>;

/** An attempt whose browser came back. */
export type ReturnedAttempt = Attempt & Pick<Remembered, 'provider' | 'returnTo' | 'linkTo'>;

/**
 * What has to be remembered of a sign-in while the browser is at the provider: state, nonce and the verifier of PKCE. It travels
 * encrypted in a cookie of that browser, so that strangers who begin and never come back cost no rows; an attempt that comes back
 * leaves one, by which it counts once.
 */
@Injectable()
export class SignInAttempts {
  private readonly redirectUri: string;

  constructor(
    @Inject(CONFIG) config: SignInConfig,
    private readonly db: DataSource,
    private readonly spent: SpentOnce,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {
    this.redirectUri = pageOf(config);
  }

  begin(http: Http, attempt: Pick<Remembered, 'provider' | 'returnTo' | 'linkTo'>): Attempt {
    // Thirty-two characters: VK wants no fewer, and Telegram is said to take not many more.
    const [state, nonce] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
    const verifier = randomBytes(48).toString('base64url');
    const expiresAt = this.clock.now().getTime() + LIVES_MS;
    const remembered: Remembered = { id: uuidv7(), ...attempt, state, nonce, verifier, expiresAt };
    setCookie(http, COOKIE, this.cipher.encrypt(JSON.stringify(remembered), PLACE), LIVES_MS);
    return { state, nonce, verifier, redirectUri: this.redirectUri };
  }

  /**
   * The attempt of this browser, which is over now, whatever comes of it.
   * @returns undefined without one, after ten minutes, and for one that has come back before
   */
  async take(http: Http): Promise<ReturnedAttempt | undefined> {
    const remembered = this.read(readCookie(http, COOKIE));
    setCookie(http, COOKIE, '', 0);
    if (!remembered || remembered.expiresAt <= this.clock.now().getTime()) return undefined;
    // A copy of the cookie may be kept, so it is not enough that the browser forgets it.
    const isFirst = await this.spent.spend(this.db.manager, remembered.id);
    return isFirst ? { ...remembered, redirectUri: this.redirectUri } : undefined;
  }

  /** Those that nobody could repeat any more. */
  async forgetBefore(time: Date): Promise<void> {
    await this.spent.forgetBefore(this.db.manager, time);
  }

  private read(value: string | undefined): Remembered | undefined {
    if (!value) return undefined;
    try {
      return Remembered.parse(JSON.parse(this.cipher.decrypt(value, PLACE)));
    } catch {
      // Of a key that is gone, or made by somebody.
      return undefined;
    }
  }
}
