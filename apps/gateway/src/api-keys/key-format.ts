import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** As in Bitcoin: without 0, O, I and l, which are mistaken for one another. */
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 12;
/** 33 letters of 58 hold more than 24 bytes do. */
const SECRET_LENGTH = 33;
const SUM_LENGTH = 6;
const FORMAT = new RegExp(
  `^sb_(live|test)_([${BASE58}]{${ID_LENGTH}})_([${BASE58}]{${SECRET_LENGTH}})_([${BASE62}]{${SUM_LENGTH}})$`,
);

export interface KeyParts {
  readonly id: string;
  readonly secret: string;
}

/** `sb_live_<id>_<secret>_<check sum>`: scanners for lost secrets know it by its form, and a typing error by its sum. */
export function newKey(environment: 'live' | 'test'): KeyParts & { key: string } {
  const id = letters(ID_LENGTH);
  const secret = letters(SECRET_LENGTH);
  const body = `sb_${environment}_${id}_${secret}`;
  return { id, secret, key: `${body}_${sumOf(body)}` };
}

/** Undefined for what is no key, or one that was mistyped. */
export function parseKey(text: string): KeyParts | undefined {
  const [, , id, secret, sum] = FORMAT.exec(text) ?? [];
  if (!id || !secret || sumOf(text.slice(0, -SUM_LENGTH - 1)) !== sum) return undefined;
  return { id, secret };
}

function letters(length: number): string {
  let text = '';
  while (text.length < length) {
    // What is left of a byte beyond a multiple of 58 would make the first letters likelier.
    for (const byte of randomBytes(length)) if (byte < 232 && text.length < length) text += BASE58[byte % 58];
  }
  return text;
}

function sumOf(body: string): string {
  let rest = crc32(body);
  let sum = '';
  for (let i = 0; i < SUM_LENGTH; i++) {
    sum = BASE62[rest % 62]! + sum;
    rest = Math.floor(rest / 62);
  }
  return sum;
}
