import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { AppSessionsService } from './app-sessions.service';
import { SessionsService } from './sessions.service';
import { SigningKeys } from './signing-keys.service';

const RemoveExpired = defineJob('remove-expired-sessions', Slot);
const RemoveSpent = defineJob('remove-spent-refresh-tokens', Slot);
const RenewKeys = defineJob('renew-signing-keys', Slot);

@Injectable()
export class SessionsJobs {
  constructor(
    private readonly sessions: SessionsService,
    private readonly appSessions: AppSessionsService,
    private readonly keys: SigningKeys,
  ) {}

  @Scheduled('7,37 * * * *', RemoveExpired, {
    purpose: 'Removes sessions that have ended by themselves.',
    timeoutMs: 60_000,
  })
  async removeExpired(): Promise<void> {
    await this.sessions.removeExpired();
  }

  @Scheduled('43 * * * *', RemoveSpent, {
    purpose: 'Removes refresh tokens that were used more than 30 days ago.',
    timeoutMs: 60_000,
  })
  async removeSpent(): Promise<void> {
    await this.appSessions.removeSpent();
  }

  @Scheduled('13 * * * *', RenewKeys, {
    purpose: 'Makes the next key by which access tokens are signed, every 90 days, and forgets old ones.',
    timeoutMs: 60_000,
  })
  async renewKeys(): Promise<void> {
    await this.keys.renew();
  }
}
