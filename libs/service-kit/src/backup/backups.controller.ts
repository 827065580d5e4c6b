import { Controller, Inject } from '@nestjs/common';
import { ReadBackupPart, ReadBackupPartTrial, TryBackupPart, WriteBackupPart } from '@switchboard/contracts';
import { DomainError } from '../errors';
import { type AnswerOf, Implements, type RequestOf } from '../http/route.decorators';
import { BackupParts } from './backup-parts';

class NotFound extends DomainError {
  constructor(what: 'part' | 'trial', id: string) {
    super(`service-kit.backup_${what}_not_found`, `There is no such ${what} of a backup, or it was given up`, 404, {
      id,
    });
  }
}

/** The part that this service has in backups of the installation, for the gateway. */
@Controller()
export class BackupsController {
  constructor(@Inject(BackupParts) private readonly parts: BackupParts) {}

  @Implements(WriteBackupPart)
  write({ params, body }: RequestOf<typeof WriteBackupPart>): Promise<AnswerOf<typeof WriteBackupPart>> {
    return this.parts.begin(params.backupId, body.snapshot);
  }

  @Implements(ReadBackupPart)
  async read({ params }: RequestOf<typeof ReadBackupPart>): Promise<AnswerOf<typeof ReadBackupPart>> {
    const part = await this.parts.find(params.backupId);
    if (!part) throw new NotFound('part', params.backupId);
    return part;
  }

  @Implements(TryBackupPart)
  try({ params, body }: RequestOf<typeof TryBackupPart>): Promise<AnswerOf<typeof TryBackupPart>> {
    return this.parts.beginTrial(params.trialId, body.backupId);
  }

  @Implements(ReadBackupPartTrial)
  async readTrial({ params }: RequestOf<typeof ReadBackupPartTrial>): Promise<AnswerOf<typeof ReadBackupPartTrial>> {
    const trial = await this.parts.findTrial(params.trialId);
    if (!trial) throw new NotFound('trial', params.trialId);
    return trial;
  }
}
