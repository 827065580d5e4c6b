import { Injectable } from '@nestjs/common';
import { FieldCipher } from '@switchboard/service-kit';
import type { Staff } from './staff.entity';

/** Where what is encrypted of members of staff stands. */
export const STAFF_PLACES = ['staff.email', 'staff.name', 'staff.totp_secret'] as const;
const [EMAIL, NAME, TOTP_SECRET] = STAFF_PLACES;

/** What of members of staff is kept encrypted: name, address, and the secret of their app. */
@Injectable()
export class StaffCipher {
  constructor(private readonly cipher: FieldCipher) {}

  /** @returns no address of the first owner, before they have given one */
  read({ id, email, name }: Pick<Staff, 'id' | 'email' | 'name'>): { email: string | null; name: string } {
    return { email: this.cipher.decrypt(email, EMAIL, id) || null, name: this.cipher.decrypt(name, NAME, id) };
  }

  /** Their name, their address until they have given one; undefined where the key to it is missing. */
  nameOf({ id, email, name }: Pick<Staff, 'id' | 'email' | 'name'>): string | undefined {
    return this.cipher.tryDecrypt(name, NAME, id) || this.cipher.tryDecrypt(email, EMAIL, id);
  }

  /** As the row of this id has them. */
  seal(id: string, { email, name }: { email: string; name: string }): Pick<Staff, 'email' | 'name'> {
    return { email: this.cipher.encrypt(email, EMAIL, id), name: this.cipher.encrypt(name, NAME, id) };
  }

  readTotpSecret(id: string, sealed: string): string {
    return this.cipher.decrypt(sealed, TOTP_SECRET, id);
  }

  sealTotpSecret(id: string, secret: string): string {
    return this.cipher.encrypt(secret, TOTP_SECRET, id);
  }
}
