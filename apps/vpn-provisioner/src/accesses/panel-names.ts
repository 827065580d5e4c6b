import { Injectable } from '@nestjs/common';
import { BlindIndex } from '@switchboard/service-kit';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** Marzban takes 32 characters at most, and no hyphen among the first three. */
const PREFIX = 'sb_';
const ID_LENGTH = 15;
const MARK_LENGTH = 14;

/**
 * What panels call the people that we serve: the same for an access at all panels and for ever, so that a user is found again after any
 * crash. Half of a name is a mark that only this installation can make: by it a user that is left over is known to be ours, also where
 * another installation or other people use the same panel.
 */
@Injectable()
export class PanelNames {
  constructor(private readonly index: BlindIndex) {}

  of(accessId: string): string {
    const id = base32(this.index.hash('panel user', accessId)).slice(0, ID_LENGTH);
    return PREFIX + id + this.markOf(id);
  }

  isOurs(name: string): boolean {
    if (!name.startsWith(PREFIX) || name.length !== PREFIX.length + ID_LENGTH + MARK_LENGTH) return false;
    const id = name.slice(PREFIX.length, PREFIX.length + ID_LENGTH);
    return name.endsWith(this.markOf(id));
  }

  private markOf(id: string): string {
    return base32(this.index.hash('panel user mark', id)).slice(0, MARK_LENGTH);
  }
}

function base32(hex: string): string {
  let rest = BigInt(`0x${hex}`);
  let digits = '';
  for (; rest > 0n; rest >>= 5n) digits += BASE32[Number(rest & 31n)]!;
  return digits;
}
