import { Inject, Injectable } from '@nestjs/common';
import type { KnownLocale } from '@switchboard/contracts';
import { Clock, defineJob, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { isRefused, MailerService } from '../mail/mailer.service';
import { StaffCipher } from './staff-cipher';
import { Staff } from './staff.entity';

const AccountChange = z.enum(['passkey_added', 'password_changed', 'recovery_code_used', 'recovery_codes_renewed']);
export type AccountChange = z.output<typeof AccountChange>;

const TellOfAccount = defineJob(
  'tell-staff-of-account',
  z.object({ staffId: z.uuid(), change: AccountChange, at: z.iso.datetime() }),
);

const WHAT: Readonly<Record<AccountChange, Readonly<Record<KnownLocale, string>>>> = {
  passkey_added: { en: 'A passkey was added to your account.', ru: 'В вашу учётную запись добавлен ключ доступа.' },
  password_changed: { en: 'The password of your account was changed.', ru: 'Пароль вашей учётной записи изменён.' },
  recovery_code_used: {
    en: 'Somebody signed in to your account with one of its recovery codes.',
    ru: 'В вашу учётную запись вошли с кодом восстановления.',
  },
  recovery_codes_renewed: {
    en: 'Your account has new recovery codes; the old ones count no longer.',
    ru: 'У вашей учётной записи новые коды восстановления, прежние не действуют.',
  },
};
const NOT_YOU: Readonly<Record<KnownLocale, string>> = {
  en: 'If that was not you, ask an owner of this installation at once to suspend the account.',
  ru: 'Если это были не вы, сразу попросите владельца закрыть доступ к учётной записи.',
};

/** Members of staff hear by e-mail, where it is configured, of what somebody else could have done with their account. */
@Injectable()
export class StaffNoticesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly mailer: MailerService,
    private readonly cipher: StaffCipher,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The mail is sent after `tx` commits. */
  async tell(tx: EntityManager, staffId: string, change: AccountChange): Promise<void> {
    if (!this.mailer.isConfigured) return;
    await this.jobs.add(tx, TellOfAccount, { staffId, change, at: this.clock.now().toISOString() });
  }

  @Runs(TellOfAccount)
  async send({ staffId, change, at }: PayloadOf<typeof TellOfAccount>): Promise<void> {
    const staff = await this.db.manager.findOneBy(Staff, { id: staffId });
    const to = staff && this.cipher.read(staff).email;
    if (!to) return;
    // In which language they read is known to nobody here.
    const lines = (['en', 'ru'] as const).flatMap((locale) => [`${WHAT[change][locale]} (${at})`, NOT_YOU[locale]]);
    const html = lines.map((line) => `<p>${line}</p>`).join('');
    try {
      await this.mailer.send({ to, subject: `Switchboard: ${WHAT[change].en}`, text: `${lines.join('\n\n')}\n`, html });
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.log.warn({ staffId, change }, 'a mail to a member of staff was refused');
    }
  }
}
