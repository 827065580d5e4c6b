import { FieldCipher } from '@switchboard/service-kit';
import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Installation } from '../installation';

export type Caller = 'owner' | 'person' | 'nobody';

/** Owners and persons who are signed in: many, since each has a limit, and some of what they do ends their own session. */
export class Callers {
  private next = 0;

  private constructor(private readonly cookies: Readonly<Record<'owner' | 'person', string[]>>) {}

  static async signIn(installation: Installation, count: number): Promise<Callers> {
    const owners = Array.from({ length: count }, () => uuidv7());
    const cipher = installation.part('gateway', FieldCipher);
    for (const id of owners) {
      const sealed = (column: string) => cipher.encrypt(`${id}@example.com`, `staff.${column}` as never, id);
      await installation.rows(
        'gateway',
        `INSERT INTO staff (id, state, email_hash, email, name, created_at) VALUES ($1::uuid, 'active', $1::text, $2, $3, now())`,
        [id, sealed('email'), sealed('name')],
      );
      await installation.rows(
        'gateway',
        `INSERT INTO grants (id, staff_id, role, granted_at) VALUES ($1, $2, 'owner', now())`,
        [uuidv7(), id],
      );
    }
    const begin = (kind: string, ids: string[]) => Promise.all(ids.map((id) => beginSession(installation, kind, id)));
    return new Callers({
      owner: await begin('staff', owners),
      person: await begin(
        'person',
        owners.map(() => uuidv7()),
      ),
    });
  }

  /** What a request of the next one brings with it; every one comes from an address of its own. */
  headers(caller: Caller): Record<string, string> {
    const n = this.next++;
    const address = { 'x-forwarded-for': `203.0.${(n >> 8) & 255}.${n & 255}` };
    if (caller === 'nobody') return address;
    return { ...address, cookie: this.cookies[caller][n % this.cookies[caller].length]! };
  }
}

async function beginSession(installation: Installation, kind: string, id: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await installation.rows(
    'gateway',
    `INSERT INTO sessions (id, token_hash, kind, subject_id, amr, proven_at, device, created_at, seen_at, expires_at)
     VALUES ($1, $2, $3, $4, '{pwd,otp}', now(), 'fuzz', now(), now(), now() + interval '1 hour')`,
    [uuidv7(), createHash('sha256').update(token).digest(), kind, id],
  );
  return `__Host-${kind}=${token}`;
}
