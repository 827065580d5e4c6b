import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { DomainError } from '@switchboard/service-kit';

/** In one of the four threads of the pool, so that no more than four times the memory is used at once. */
const derive = promisify(argon2);

/** OWASP's choice for Argon2id with much memory: 64 MiB, three passes, one lane. */
const COST = { memory: 64 * 1024, passes: 3, parallelism: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Of a password that nobody has: whoever is unknown is refused as slowly as somebody who is known. */
const NOBODY = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** @returns a PHC string */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await compute(password, salt, COST);
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

/** @param stored a PHC string; null takes as long and is never right */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] = PHC.exec(stored ?? NOBODY)!;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const expected = Buffer.from(hash!, 'base64');
  const given = await compute(password, Buffer.from(salt!, 'base64'), cost);
  return timingSafeEqual(given, expected) && stored !== null;
}

/** Told in the language of whoever chose it. */
export class WeakPassword extends DomainError {
  constructor() {
    super(
      'gateway.weak_password',
      {
        en: 'This password is easy to guess: take several words that do not belong together.',
        ru: 'Этот пароль легко угадать: возьмите несколько слов, которые не связаны друг с другом.',
      },
      422,
    );
  }
}

/** @param own what others know of the person, such as name and address. @throws WeakPassword */
export async function assertStrong(password: string, own: readonly string[]): Promise<void> {
  // Dictionaries of some megabytes, which are needed once in a while.
  const [{ ZxcvbnFactory }, common, en] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  const dictionary = {
    ...common.dictionary,
    ...en.dictionary,
    own: own.flatMap((text) => text.toLowerCase().split(/[\s@.]+/)),
  };
  const { score } = new ZxcvbnFactory({ dictionary, graphs: common.adjacencyGraphs }).check(password);
  if (score < 3) throw new WeakPassword();
}

const compute = (message: string, nonce: Buffer, cost: typeof COST | Record<keyof typeof COST, number>) =>
  // As they are typed on different keyboards, the same letters have different bytes.
  derive('argon2id', { message: message.normalize('NFKC'), nonce, tagLength: HASH_BYTES, ...cost });

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
