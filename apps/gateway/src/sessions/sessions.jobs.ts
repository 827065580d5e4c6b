import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { SessionsService } from './sessions.service';

const RemoveExpired = defineJob('remove-expired-sessions', Slot);

@Injectable()
export class SessionsJobs {
  constructor(private readonly sessions: SessionsService) {}

  @Scheduled('7,37 * * * *', RemoveExpired, {
    purpose: 'Removes sessions that have ended by themselves.',
    timeoutMs: 60_000,
  })
  async removeExpired(): Promise<void> {
    await this.sessions.removeExpired();
  }
}
