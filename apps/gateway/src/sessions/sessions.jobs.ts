import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { SessionsService } from './sessions.service';
import { SigningKeys } from './signing-keys.service';

const RemoveExpired = defineJob('remove-expired-sessions', Slot);
const RenewKeys = defineJob('renew-signing-keys', Slot);

@Injectable()
export class SessionsJobs {
  constructor(
    private readonly sessions: SessionsService,
    private readonly keys: SigningKeys,
  ) {}

  @Scheduled('7,37 * * * *', RemoveExpired, {
    purpose: 'Removes sessions that have ended by themselves.',
    timeoutMs: 60_000,
  })
  async removeExpired(): Promise<void> {
    await this.sessions.removeExpired();
  }

  @Scheduled('13 * * * *', RenewKeys, {
    purpose: 'Makes the next key by which access tokens are signed, every 90 days, and forgets old ones.',
    timeoutMs: 60_000,
  })
  async renewKeys(): Promise<void> {
    await this.keys.renew();
  }
}
