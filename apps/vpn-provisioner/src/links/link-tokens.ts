import { Injectable } from '@nestjs/common';
import { BlindIndex } from '@switchboard/service-kit';
import { randomBytes, timingSafeEqual } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 128 bits. */
const SECRET_DIGITS = 22;
/** 35 bits. */
const CHECK_DIGITS = 6;
const TOKEN = new RegExp(`^[0-9A-Za-z]{${SECRET_DIGITS + CHECK_DIGITS}}$`);

/**
 * The secret part of an address: a random number, and a keyed check of it. What somebody makes up is known to be wrong without a
 * question to the database, and in the same time whatever it is.
 */
@Injectable()
export class LinkTokens {
  constructor(private readonly index: BlindIndex) {}

  create(): string {
    const secret = inDigits(BigInt(`0x${randomBytes(16).toString('hex')}`), SECRET_DIGITS);
    return secret + this.checkOf(secret);
  }

  /** Whether it was made here, some time or other. */
  isGenuine(token: string): boolean {
    if (!TOKEN.test(token)) return false;
    const check = this.checkOf(token.slice(0, SECRET_DIGITS));
    return timingSafeEqual(Buffer.from(token.slice(SECRET_DIGITS)), Buffer.from(check));
  }

  /** By which it is found. */
  hash(token: string): string {
    return this.index.hash('link', token);
  }

  private checkOf(secret: string): string {
    return inDigits(BigInt(`0x${this.index.hash('link check', secret).slice(0, 16)}`), CHECK_DIGITS);
  }
}

/** The last digits of a number in base 62. */
function inDigits(value: bigint, count: number): string {
  let digits = '';
  for (let rest = value; digits.length < count; rest /= 62n) digits = DIGITS[Number(rest % 62n)]! + digits;
  return digits;
}
