import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, IsNull } from 'typeorm';
import { current, Grant } from '../access/grant.entity';
import { isSsoRequired, type SsoConfig } from './sso.config';
import { StaffCipher } from './staff-cipher';
import type { Staff } from './staff.entity';
import { SsoRequired } from './staff.errors';

/**
 * Who signs in with what is kept here, where their company's provider is to be used. Owners always do: when the provider is away, or
 * lets in somebody it should not, they are the ones who can do something about it. Each time is an alarm.
 */
@Injectable()
export class LocalSignIn {
  private readonly emergencies: Counter;

  constructor(
    private readonly db: DataSource,
    private readonly cipher: StaffCipher,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: SsoConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.emergencies = new Counter({
      name: 'staff_break_glass_sign_ins_total',
      help: 'Owners who have signed in with a password or passkey of here, although everybody is to use single sign-on.',
      registers: [registry],
    });
  }

  /** @throws SsoRequired */
  async assertAllowed(staff: Staff): Promise<void> {
    if (this.isRequired(staff) && !(await this.isOwner(staff.id))) throw new SsoRequired();
  }

  /** Whether it was one for emergencies. */
  note(staff: Staff): boolean {
    if (!this.isRequired(staff)) return false;
    this.emergencies.inc();
    this.log.warn({ staffId: staff.id }, 'an owner has signed in without single sign-on');
    return true;
  }

  private isRequired(staff: Staff): boolean {
    return isSsoRequired(this.config, this.cipher.read(staff).email ?? '');
  }

  private isOwner(staffId: string): Promise<boolean> {
    const owner = { staffId, role: 'owner', botId: IsNull() };
    return this.db.manager.existsBy(Grant, current(owner, this.clock.now()));
  }
}
