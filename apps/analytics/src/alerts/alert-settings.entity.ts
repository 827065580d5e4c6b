import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When alerts are sent, and from what size on; one row, absent until somebody changes it. */
@Entity({ name: 'alert_settings' })
export class AlertSettings {
  @PrimaryColumn('smallint')
  id!: 1;

  @Column('text')
  zone!: string;

  @Column('jsonb', { name: 'quiet_hours', nullable: true })
  quietHours!: { from: string; to: string } | null;

  @Column('bigint', { name: 'warn_excess', transformer: { from: Number, to: String } })
  warnExcessMicrosPerHour!: number;

  @Column('bigint', { name: 'page_excess', transformer: { from: Number, to: String } })
  pageExcessMicrosPerHour!: number;

  @Column('boolean')
  throttle!: boolean;

  @Column('integer', { name: 'throttle_hours' })
  throttleHours!: number;

  @Column('integer')
  revision!: number;
}

/** Five dollars an hour wake somebody, one is worth a warning. */
export const DEFAULT_ALERT_SETTINGS: AlertSettings = {
  id: 1,
  zone: 'UTC',
  quietHours: null,
  warnExcessMicrosPerHour: 1_000_000,
  pageExcessMicrosPerHour: 5_000_000,
  throttle: true,
  throttleHours: 24,
  revision: 0,
};
