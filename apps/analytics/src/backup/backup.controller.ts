import { Controller } from '@nestjs/common';
import {
  BackUpStatistics,
  CheckStatisticsBackup,
  ListStatisticsBackups,
  RestoreStatistics,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { BackupService } from './backup.service';

@Controller()
export class BackupController {
  constructor(private readonly backups: BackupService) {}

  @Implements(ListStatisticsBackups)
  async list(): Promise<AnswerOf<typeof ListStatisticsBackups>> {
    return { backups: await this.backups.list() };
  }

  @Implements(BackUpStatistics)
  create(): Promise<AnswerOf<typeof BackUpStatistics>> {
    return this.backups.create();
  }

  @Implements(CheckStatisticsBackup)
  check({ params }: RequestOf<typeof CheckStatisticsBackup>): Promise<AnswerOf<typeof CheckStatisticsBackup>> {
    return this.backups.check(params.id);
  }

  @Implements(RestoreStatistics)
  restore({ params }: RequestOf<typeof RestoreStatistics>): Promise<AnswerOf<typeof RestoreStatistics>> {
    return this.backups.restore(params.id);
  }
}
