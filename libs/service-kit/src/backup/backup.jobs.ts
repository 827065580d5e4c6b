import { Inject, Injectable } from '@nestjs/common';
import { type JobRun, type PayloadOf, Runs } from '../jobs';
import { BackupParts, TryBackupPart, WriteBackupPart } from './backup-parts';

@Injectable()
export class BackupJobs {
  constructor(@Inject(BackupParts) private readonly parts: BackupParts) {}

  @Runs(WriteBackupPart)
  write(payload: PayloadOf<typeof WriteBackupPart>, { isLastAttempt }: JobRun): Promise<void> {
    return this.parts.write(payload, isLastAttempt);
  }

  @Runs(TryBackupPart)
  try(payload: PayloadOf<typeof TryBackupPart>, { signal }: JobRun): Promise<void> {
    return this.parts.try(payload, signal);
  }
}
