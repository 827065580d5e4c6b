import { Injectable } from '@nestjs/common';
import { Clock, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { ChatContext } from '../contacts/contacts.service';
import { type Choices, Dialog } from './dialog.entity';

/** After that a number is a number again. */
const NUMBERS_HOLD_MS = 15 * 60_000;

interface Who {
  readonly chat: Pick<ChatContext['chat'], 'id'>;
  readonly contact: Pick<ChatContext['contact'], 'userId'>;
}

const keyOf = ({ chat, contact }: Who) => ({ chatId: chat.id, userId: contact.userId });

const rowOf = ({ chatId, userId }: Pick<Dialog, 'chatId' | 'userId'>) => ({
  table: 'dialogs',
  id: `${chatId}/${userId}`,
  userId,
});

/** Where people are in the products: rows, so that a restart loses no step. The chat's row is held by whoever calls. */
@Injectable()
export class DialogsService {
  constructor(
    private readonly personal: PersonalData,
    private readonly clock: Clock,
  ) {}

  find(tx: EntityManager, who: Who): Promise<Dialog | null> {
    return tx.findOneBy(Dialog, keyOf(who));
  }

  /** The next message of the person goes to this step. Returns the dialog's revision. */
  async open(tx: EntityManager, who: Who, product: string, step: string, data: unknown): Promise<number> {
    const sealed = await this.personal.encrypt(tx, rowOf(keyOf(who)), {
      data: data === undefined ? null : JSON.stringify(data),
    });
    return this.write(tx, who, { product, step, ...sealed });
  }

  /** Ends the dialog, if there is one; buttons shown in it are out of date from now on. False when there was none. */
  async close(tx: EntityManager, who: Who): Promise<boolean> {
    const dialog = await this.find(tx, who);
    if (!dialog?.step) return false;
    await this.write(tx, who, { product: null, step: null, data: null });
    return true;
  }

  async offer(tx: EntityManager, who: Who, choices: Choices): Promise<void> {
    const dialog = await this.find(tx, who);
    const next = { ...dialog?.choices, ...choices };
    if (!dialog && Object.values(next).every((one) => Object.keys(one).length === 0)) return;
    if (!dialog) await this.write(tx, who, { product: null, step: null, data: null });
    await tx.update(Dialog, keyOf(who), { choices: next, updatedAt: this.clock.now() });
  }

  /** The id of the button that a text stands for: its number, or its label on a keyboard. */
  choiceIn({ choices, updatedAt }: Dialog, text: string): string | undefined {
    const said = text.trim().toLowerCase();
    const [, number] = /^(\d{1,2})[.)]?$/.exec(said) ?? [];
    const holds = this.clock.now().getTime() - updatedAt.getTime() < NUMBERS_HOLD_MS;
    const numbered = number && holds ? choices.numbers?.[Number(number) - 1] : undefined;
    const labels = { ...(holds && choices.labels), ...choices.keys };
    return numbered ?? (Object.hasOwn(labels, said) ? labels[said] : undefined);
  }

  async dataOf(tx: EntityManager, dialog: Dialog): Promise<unknown> {
    const { data } = await this.personal.decrypt(tx, rowOf(dialog), { data: dialog.data });
    return data == null ? undefined : (JSON.parse(data) as unknown);
  }

  private async write(
    tx: EntityManager,
    who: Who,
    { product, step, data }: Pick<Dialog, 'product' | 'step' | 'data'>,
  ): Promise<number> {
    const { chatId, userId } = keyOf(who);
    const [row] = await tx.query<{ revision: number }[]>(
      `INSERT INTO dialogs AS dialog (chat_id, user_id, product, step, data, revision, choices, updated_at)
       VALUES ($1, $2, $3, $4, $5, 1, '{}', $6)
       ON CONFLICT (chat_id, user_id) DO UPDATE SET product = $3, step = $4, data = $5,
         revision = dialog.revision + 1, updated_at = $6
       RETURNING revision`,
      [chatId, userId, product, step, data, this.clock.now()],
    );
    return row!.revision;
  }
}
