import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { RenewalsService } from './renewals.service';

const RenewSubscriptions = defineJob('renew-subscriptions', Slot);
const EndSubscriptions = defineJob('end-subscriptions', Slot);
const TellOfRenewals = defineJob('tell-of-renewals', Slot);
const TellOfEnds = defineJob('tell-of-ends', Slot);

@Injectable()
export class RenewalsJobs {
  constructor(private readonly renewals: RenewalsService) {}

  @Scheduled('* * * * *', RenewSubscriptions, {
    purpose: 'Charges for subscriptions that go on by themselves.',
    timeoutMs: 5 * 60_000,
  })
  renew(_: PayloadOf<typeof RenewSubscriptions>, { signal }: JobRun): Promise<void> {
    return this.renewals.renewDue(signal);
  }

  @Scheduled('* * * * *', EndSubscriptions, {
    purpose: 'Ends subscriptions that nobody has paid on.',
    timeoutMs: 5 * 60_000,
  })
  end(_: PayloadOf<typeof EndSubscriptions>, { signal }: JobRun): Promise<void> {
    return this.renewals.endDue(signal);
  }

  @Scheduled('*/5 * * * *', TellOfRenewals, {
    purpose: 'Tells people a day before that they are charged for what goes on by itself.',
    timeoutMs: 5 * 60_000,
  })
  tellOfRenewals(_: PayloadOf<typeof TellOfRenewals>, { signal }: JobRun): Promise<void> {
    return this.renewals.tellOfRenewals(signal);
  }

  @Scheduled('*/5 * * * *', TellOfEnds, {
    purpose: 'Tells people whose subscriptions end in three days, tomorrow and today.',
    timeoutMs: 5 * 60_000,
  })
  tell(_: PayloadOf<typeof TellOfEnds>, { signal }: JobRun): Promise<void> {
    return this.renewals.tellOfEnds(signal);
  }
}
