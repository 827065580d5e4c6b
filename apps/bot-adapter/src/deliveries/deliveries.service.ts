import { Injectable } from '@nestjs/common';
import { Clock, defineJob, FieldCipher, Jobs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { CONTENT_PLACE, type DeliveryContent } from './delivery-content';
import { Delivery } from './delivery.entity';

/** Sends what waits for a chat. */
export const Deliver = defineJob('deliver', z.object({ chatId: z.uuid() }));

/** The job's own tries are for our own troubles (the database); those of the channel are counted per part. */
const JOB_ATTEMPTS = 25;

export interface NewDelivery {
  chatId: string;
  userId: string;
  /** The reply, speech or message because of which it is sent. */
  causeId: string;
  content: DeliveryContent;
}

/** Queues what is to be sent; the sender does the rest. */
@Injectable()
export class Deliveries {
  constructor(
    private readonly jobs: Jobs,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /** False when the same cause was queued before. */
  async queue(tx: EntityManager, { content, ...delivery }: NewDelivery): Promise<boolean> {
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(Delivery)
      .values({
        ...delivery,
        id: uuidv7(),
        kind: content.kind,
        content: this.cipher.encrypt(JSON.stringify(content), CONTENT_PLACE),
        state: 'queued',
        queuedAt: this.clock.now(),
      })
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) return false;
    await this.wake(tx, delivery.chatId);
    return true;
  }

  /** Has the chat's queue worked through, now or later. */
  async wake(tx: EntityManager, chatId: string, inMs = 0): Promise<void> {
    await this.jobs.add(
      tx,
      Deliver,
      { chatId },
      {
        queue: `chat:${chatId}`,
        key: `deliver:${chatId}`,
        maxAttempts: JOB_ATTEMPTS,
        delayMs: inMs,
      },
    );
  }
}
