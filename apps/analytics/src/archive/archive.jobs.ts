import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { ArchiveService } from './archive.service';

const ArchiveEvents = defineJob('archive-events', Slot);

@Injectable()
export class ArchiveJobs {
  constructor(private readonly archive: ArchiveService) {}

  @Scheduled('12 1 * * *', ArchiveEvents, {
    purpose:
      'Writes the events of the days that are over to storage, and those days anew for which late ones have come.',
    timeoutMs: 60 * 60_000,
  })
  archiveEvents(_slot: PayloadOf<typeof ArchiveEvents>, { signal }: JobRun): Promise<void> {
    return this.archive.archiveDue(signal);
  }
}
