import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { z } from 'zod';
import { ExportWriterService } from './export-writer.service';

export const WriteExport = defineJob('write-export', z.object({ exportId: z.uuid() }));
const GiveUpExports = defineJob('give-up-exports', Slot);
const ForgetExports = defineJob('forget-exports', Slot);

@Injectable()
export class ExportsJobs {
  constructor(private readonly writer: ExportWriterService) {}

  @Runs(WriteExport)
  write({ exportId }: PayloadOf<typeof WriteExport>, run: JobRun): Promise<void> {
    return this.writer.write(exportId, run);
  }

  @Scheduled('*/10 * * * *', GiveUpExports, {
    purpose:
      'Tells of exports that they have failed when nobody writes them any more: their process was killed at the last try.',
    timeoutMs: 60_000,
  })
  giveUp(): Promise<void> {
    return this.writer.giveUp();
  }

  @Scheduled('47 * * * *', ForgetExports, {
    purpose: 'Deletes files of exports whose links have expired, and after 30 days that there was an export.',
    timeoutMs: 10 * 60_000,
  })
  forget(_slot: PayloadOf<typeof ForgetExports>, { signal }: JobRun): Promise<void> {
    return this.writer.forgetOld(signal);
  }
}
