import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  Clock,
  defineJob,
  Erasure,
  type JobRun,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { DeliverWebhook, WebhookQueueService } from './webhook-queue.service';
import { WebhookSender } from './webhook-sender';
import { WebhooksHealthService } from './webhooks-health.service';

const SendForgottenWebhooks = defineJob('send-forgotten-webhooks', Slot);
const LookAfterEndpoints = defineJob('look-after-webhook-endpoints', Slot);
const ForgetWebhooks = defineJob('forget-webhook-deliveries', Slot);

const DAY_MS = 86_400_000;
const DELIVERIES_DAYS = 30;
/** What has not been sent by then is given up, and seen as failed until it is deleted. */
const OPEN_DAYS = 25;
/** A count that begins anew looks old to who has seen the former one: so it is kept for long. */
const SEQUENCES_DAYS = 400;

@Injectable()
export class WebhooksJobs implements OnModuleInit {
  constructor(
    private readonly queue: WebhookQueueService,
    private readonly sender: WebhookSender,
    private readonly deliveries: WebhookDeliveriesService,
    private readonly health: WebhooksHealthService,
    private readonly erasure: Erasure,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.erasure.add({ rows: (tx, userId) => this.deliveries.forgetPerson(tx, userId) });
  }

  @Runs(DeliverWebhook)
  async deliver({ deliveryId }: PayloadOf<typeof DeliverWebhook>): Promise<void> {
    const claimed = await this.queue.claim(deliveryId);
    if (claimed) await this.sender.send(claimed);
  }

  @Scheduled('* * * * *', SendForgottenWebhooks, {
    purpose: 'Has webhooks sent that wait although there is room for them, or have lost their job.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async sendForgotten(): Promise<void> {
    const lost = await this.queue.sendForgotten();
    if (lost > 0) this.log.error({ lost }, 'webhooks had lost their jobs');
  }

  @Scheduled('*/10 * * * *', LookAfterEndpoints, {
    purpose:
      'Tells owners of webhook endpoints that do not answer, after one and three days, and disables them after five.',
    timeoutMs: 60_000,
  })
  lookAfterEndpoints(): Promise<void> {
    return this.health.look();
  }

  @Scheduled('50 3 * * *', ForgetWebhooks, {
    purpose:
      'Gives up webhooks whose turn has not come in 25 days, deletes all after 30, with what was answered, and counts of subjects that were silent for 400.',
    timeoutMs: 60 * 60_000,
  })
  async forget(_slot: PayloadOf<typeof ForgetWebhooks>, { signal }: JobRun): Promise<void> {
    const before = (days: number) => new Date(this.clock.now().getTime() - days * DAY_MS);
    let expired = 0;
    for (let some = -1; some !== 0; expired += some) {
      some = await this.queue.expireBefore(before(OPEN_DAYS));
      signal.throwIfAborted();
    }
    if (expired > 0) this.log.error({ expired }, 'webhooks were given up: their turn had not come in 25 days');
    while (!(await this.deliveries.forgetBefore(before(DELIVERIES_DAYS)))) signal.throwIfAborted();
    await this.deliveries.forgetSequencesBefore(before(SEQUENCES_DAYS));
  }
}
