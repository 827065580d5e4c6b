import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import { type EntityManager, IsNull, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { daysAfter, KEPT_DAYS } from '../kept-days';
import { ButtonRow } from './button.entity';

export interface NewButton {
  readonly product: string;
  readonly action: string;
  readonly data?: unknown;
}

export interface ShownIn {
  readonly chatId: string;
  /** The person who may press them; everybody when absent. */
  readonly userId?: string;
  readonly revision?: number;
  readonly once?: boolean;
}

/** More answers than these are not being written in one chat. */
const LATELY = 20;

/** No random id begins with it. */
const STANDING = '!';

/** `isStanding`: it may be made up, see `standing`. */
export type FoundButton = ButtonRow & { readonly isStanding: boolean };

const standingRow = (
  chatId: string,
  id: string,
  product: string,
  action: string,
  data: string | null,
): FoundButton => ({
  ...{ id, chatId, screenId: '', product, action, data, userId: null, revision: null, once: false, usedAt: null },
  expiresAt: new Date(8.64e15),
  isStanding: true,
});

/** The buttons under messages: what they do stays here, they themselves carry an opaque id. */
@Injectable()
export class ButtonsService {
  constructor(private readonly clock: Clock) {}

  /** Returns the ids to be put on buttons that are shown together, in their order. */
  async create(tx: EntityManager, buttons: readonly NewButton[], where: ShownIn): Promise<string[]> {
    if (buttons.length === 0) return [];
    const { chatId, userId = null, revision = null, once = false } = where;
    const screenId = uuidv7();
    const expiresAt = daysAfter(this.clock.now(), KEPT_DAYS.content);
    const rows = buttons.map(({ product, action, data = null }) => ({
      id: randomBytes(15).toString('base64url'),
      ...{ chatId, screenId, product, action, data, userId, revision, once, expiresAt },
    }));
    await tx
      .createQueryBuilder()
      .insert()
      .into(ButtonRow)
      .values(rows as never)
      .execute();
    return rows.map(({ id }) => id);
  }

  /**
   * The id of a button that never gets out of date and may be pressed by everybody in its chat: it has no row. Whoever makes
   * a press of their own may put anything into it, so it works for actions only that are marked as `standing`.
   * @param about the data of the action; an id, because channels leave little room
   */
  standing(product: string, action: string, about?: string): string {
    return STANDING + [product, action, ...(about ? [about] : [])].join(':');
  }

  /** Null for a button that is too old, of another chat, or never was ours. */
  async find(tx: EntityManager, chatId: string, id: string): Promise<FoundButton | null> {
    const [product, action, about = null] = id.startsWith(STANDING) ? id.slice(STANDING.length).split(':') : [];
    if (product && action) return standingRow(chatId, id, product, action, about);
    const row = await tx.findOneBy(ButtonRow, { id, chatId, expiresAt: MoreThan(this.clock.now()) });
    return row && { ...row, isStanding: false };
  }

  /** The data of the buttons of one action that were shown in a chat, newest first. */
  async shownLately(
    tx: EntityManager,
    chatId: string,
    { product, action }: Omit<NewButton, 'data'>,
  ): Promise<readonly unknown[]> {
    const rows = await tx.find(ButtonRow, {
      where: { chatId, product, action },
      order: { expiresAt: 'DESC' },
      take: LATELY,
    });
    return rows.map(({ data }) => data);
  }

  /** False when a button of that screen was used before, and the screen is one that works once. */
  async use(tx: EntityManager, { screenId, once }: ButtonRow): Promise<boolean> {
    if (!once) return true;
    const { affected } = await tx.update(ButtonRow, { screenId, usedAt: IsNull() }, { usedAt: this.clock.now() });
    return (affected ?? 0) > 0;
  }
}
