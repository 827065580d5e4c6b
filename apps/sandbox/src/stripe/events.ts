import { createHmac } from 'node:crypto';
import { type Notification, Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';
import { type Account, head, isLive, now, type Objects, type StripeObject } from './objects';

/** As the pinned official client has it. */
export const API_VERSION = '2026-09-30.endive';

export interface StripeEvent extends StripeObject {
  type: string;
  api_version: string;
  data: { object: StripeObject; previous_attributes?: object };
  request: { id: string | null; idempotency_key: string | null };
  pending_webhooks: number;
}

/** An event of the newer kind: it names what happened, and is fetched. */
export interface ThinEvent extends StripeObject {
  type: string;
  context: null;
  related_object: { id: string; type: string; url: string };
  data: object;
}

const MINUTE_MS = 60_000;
const THREE_DAYS_MS = 3 * 86_400_000;
/** More than the tolerance of any client. */
const OLD_S = 3600;

/** Ways in which a signature can be unlike the rest. `two-v1`: while the secret is being rolled, the second one is right. */
export const SIGNATURE_FLAWS = { 'wrong-secret': null, 'old-timestamp': null, 'two-v1': null, 'no-signature': null };

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

/** `t=…,v1=…` over `t.body`. Source: docs.stripe.com/webhooks, "Verify manually". */
function signatureOf({ body, flaw }: Notification, secret: string): Record<string, string> {
  if (flaw === 'no-signature') return {};
  const t = now() - (flaw === 'old-timestamp' ? OLD_S : 0);
  const v1 = hmac(flaw === 'wrong-secret' ? `${secret}-wrong` : secret, `${t}.${body}`);
  const before = flaw === 'two-v1' ? `v1=${hmac('whsec_before', `${t}.${body}`)},` : '';
  return { 'stripe-signature': `t=${t},${before}v1=${v1},v0=${hmac('v0', body)}` };
}

/** What has happened, kept and told. */
export class Events {
  readonly notifier: Notifier;

  constructor(
    context: Context,
    private readonly objects: Objects,
    private readonly accounts: ReadonlyMap<string, Account>,
  ) {
    this.notifier = new Notifier(context, {
      target: 'stripe.webhook',
      deadlineMs: 20_000,
      backoffMs: (failures) => MINUTE_MS * 5 ** (failures - 1),
      lifetimeMs: THREE_DAYS_MS,
      sign: (notification) => signatureOf(notification, this.secretOf(notification)),
    });
  }

  emit(account: Account, type: string, about: StripeObject, previous?: object): void {
    const event: StripeEvent = this.objects.add(account, {
      ...head(account, 'evt', 'event'),
      type,
      api_version: API_VERSION,
      data: { object: structuredClone(about), ...(previous && { previous_attributes: previous }) },
      request: { id: null, idempotency_key: null },
      pending_webhooks: account.webhook ? 1 : 0,
    });
    if (account.webhook)
      this.notifier.tell({ account: account.key, url: account.webhook.url, body: JSON.stringify(event) });
  }

  emitThin(account: Account, type: string, about: { id: string; type: string; url: string }, data: object): void {
    const created = new Date().toISOString();
    const event = { ...head(account, 'evt', 'v2.core.event'), type, context: null, related_object: about, data };
    this.objects.add<ThinEvent>(account, event);
    const { id, object } = event;
    const told = { id, object, type, created, context: null, livemode: isLive(account), related_object: about };
    if (account.thinWebhook)
      this.notifier.tell({ account: account.key, url: account.thinWebhook.url, body: JSON.stringify(told) });
  }

  private secretOf({ account, url }: Notification): string {
    const { webhook, thinWebhook } = this.accounts.get(account) ?? {};
    return (thinWebhook?.url === url ? thinWebhook : webhook)?.secret ?? '';
  }
}
