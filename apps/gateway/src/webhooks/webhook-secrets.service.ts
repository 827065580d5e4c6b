import { Injectable } from '@nestjs/common';
import { Clock, DomainError, FieldCipher } from '@switchboard/service-kit';
import { createHmac, randomBytes } from 'node:crypto';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { WEBHOOK_PLACES, WebhookSecret } from './webhook-endpoint.entity';

class SecretsExhausted extends DomainError {
  constructor() {
    super('gateway.webhook_secrets_exhausted', 'Five secrets sign already: wait until one of them expires', 409);
  }
}

const [PLACE] = WEBHOOK_PLACES;
const PREFIX = 'whsec_';
/** Standard Webhooks wants 24 to 64. */
const SECRET_BYTES = 32;
/** Each one is a signature in the header of every delivery. */
const MOST_LIVE = 5;

/** The secrets of endpoints. Source of all formats: github.com/standard-webhooks, spec/standard-webhooks.md. */
@Injectable()
export class WebhookSecretsService {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /** @param overlapMs so long are the former ones good besides; they go at once with 0 */
  async add(tx: EntityManager, endpointId: string, overlapMs = 0): Promise<{ secretId: string; secret: string }> {
    const now = this.clock.now();
    await tx.delete(WebhookSecret, { endpointId, expiresAt: LessThan(now) });
    if (overlapMs === 0) await tx.delete(WebhookSecret, { endpointId });
    else if ((await tx.countBy(WebhookSecret, { endpointId })) >= MOST_LIVE) throw new SecretsExhausted();
    const expiresAt = new Date(now.getTime() + overlapMs);
    await tx.update(WebhookSecret, { endpointId, expiresAt: IsNull() }, { expiresAt });
    const id = uuidv7();
    const secret = PREFIX + randomBytes(SECRET_BYTES).toString('base64');
    const row = { id, endpointId, secret: this.cipher.encrypt(secret, PLACE, id), createdAt: now, expiresAt: null };
    await tx.insert(WebhookSecret, row);
    return { secretId: id, secret };
  }

  /** The header `webhook-signature`: one signature by each secret that is good now. */
  async sign(
    tx: EntityManager,
    endpointId: string,
    signed: { id: string; timestamp: number; body: string },
  ): Promise<string> {
    const secrets = await tx.find(WebhookSecret, { where: { endpointId }, order: { id: 'DESC' } });
    const now = this.clock.now();
    return secrets
      .filter(({ expiresAt }) => !expiresAt || expiresAt > now)
      .map(({ id, secret }) => signature(this.cipher.decrypt(secret, PLACE, id), signed))
      .join(' ');
  }
}

function signature(secret: string, { id, timestamp, body }: { id: string; timestamp: number; body: string }): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
