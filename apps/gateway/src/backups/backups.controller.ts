import { Controller } from '@nestjs/common';
import { ListBackups, ReadBackup, StartBackup, TryBackup } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { BackupTrialsService } from './backup-trials.service';
import { BackupsService } from './backups.service';

@Controller()
export class BackupsController {
  constructor(
    private readonly backups: BackupsService,
    private readonly trials: BackupTrialsService,
  ) {}

  @Implements(ListBackups)
  list(request: RequestOf<typeof ListBackups>): Promise<AnswerOf<typeof ListBackups>> {
    return this.backups.list(request);
  }

  @Implements(ReadBackup)
  read({ params }: RequestOf<typeof ReadBackup>): Promise<AnswerOf<typeof ReadBackup>> {
    return this.backups.read(params.backupId);
  }

  @Implements(StartBackup)
  start({ actor }: RequestOf<typeof StartBackup>, tx: EntityManager): Promise<AnswerOf<typeof StartBackup>> {
    return this.backups.start(tx, actor.roles.includes('operator') ? 'verb' : 'staff', actor);
  }

  @Implements(TryBackup)
  try({ params }: RequestOf<typeof TryBackup>, tx: EntityManager): Promise<AnswerOf<typeof TryBackup>> {
    return this.trials.start(tx, params.backupId);
  }
}
