import type { TestApp } from '@switchboard/testing';
import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { type SessionKind, SessionsService } from '../src/sessions/sessions.service';
import { StaffCipher } from '../src/staff/staff-cipher';

export interface SignedIn {
  readonly id: string;
  /** What their browser sends. */
  readonly headers: { readonly cookie: string };
}

/** A member of staff with these roles, each for all bots or for one (`support@lumen`). */
export async function signInStaff(app: TestApp, ...roles: string[]): Promise<SignedIn> {
  const id = uuidv7();
  const { db } = app.service;
  const address = `${id}@example.com`;
  const { email, name } = app.service.nest
    .get(StaffCipher, { strict: false })
    .seal(id, { email: address, name: address });
  await db.query(
    `INSERT INTO staff (id, state, email_hash, email, name, created_at) VALUES ($1::uuid, 'active', $1::text, $2, $3, now())`,
    [id, email, name],
  );
  for (const each of roles) {
    const [role, bot = null] = each.split('@');
    await db.query(`INSERT INTO grants (id, staff_id, role, bot_id, granted_at) VALUES ($1, $2, $3, $4, now())`, [
      uuidv7(),
      id,
      role,
      bot,
    ]);
  }
  return { id, headers: { cookie: await beginSession(app, 'staff', id) } };
}

export async function signInPerson(app: TestApp, id = uuidv7()): Promise<SignedIn> {
  return { id, headers: { cookie: await beginSession(app, 'person', id) } };
}

async function beginSession(app: TestApp, kind: SessionKind, id: string): Promise<string> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  await app.service.nest
    .get(SessionsService, { strict: false })
    .begin({ request, response }, { kind, id, amr: ['pwd', 'otp'] });
  return String(response.getHeader('set-cookie')).split(';')[0]!;
}
