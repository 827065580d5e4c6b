import { Injectable } from '@nestjs/common';
import { Clock, FieldCipher } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { SpentOnce } from '../limits/spent-once';
import { SignInExpired } from '../sessions/sign-in.errors';

const LIVES_MS = 5 * 60_000;

const Envelope = z.object({ id: z.uuid(), until: z.number(), content: z.unknown() });

/**
 * What the steps of a sign-in hand on by way of the browser: encrypted, for one purpose, and good for five minutes. Strangers who begin
 * and never come back cost no rows.
 */
@Injectable()
export class StaffTickets {
  constructor(
    private readonly db: DataSource,
    private readonly spent: SpentOnce,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  issue(purpose: string, content: unknown, livesMs = LIVES_MS): string {
    const envelope = { id: uuidv7(), until: this.clock.now().getTime() + livesMs, content };
    return this.cipher.encrypt(JSON.stringify(envelope), placeOf(purpose));
  }

  /** @throws SignInExpired for one of another purpose, too, or one that is none of ours */
  open<Schema extends z.ZodType>(purpose: string, schema: Schema, ticket: string): z.output<Schema> {
    return schema.parse(this.read(purpose, ticket).content);
  }

  /** The same of one that counts once. */
  async spend<Schema extends z.ZodType>(purpose: string, schema: Schema, ticket: string): Promise<z.output<Schema>> {
    const { id, content } = this.read(purpose, ticket);
    if (!(await this.spent.spend(this.db.manager, id))) throw new SignInExpired();
    return schema.parse(content);
  }

  private read(purpose: string, ticket: string): z.output<typeof Envelope> {
    let envelope: z.output<typeof Envelope> | undefined;
    try {
      envelope = Envelope.parse(JSON.parse(this.cipher.decrypt(ticket, placeOf(purpose))));
    } catch {
      // Why it is none of ours is nobody's business.
    }
    if (!envelope || envelope.until < this.clock.now().getTime()) throw new SignInExpired();
    return envelope;
  }
}

const placeOf = (purpose: string) => `staff ticket ${purpose}`;
