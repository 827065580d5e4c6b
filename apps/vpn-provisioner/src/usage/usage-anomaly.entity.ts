import { Column, Entity, PrimaryColumn } from 'typeorm';

const bigint = { from: Number, to: String };

/** A day on which an access was used in an unusual way. */
@Entity({ name: 'usage_anomalies' })
export class UsageAnomaly {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'access_id' })
  accessId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** A UsageAnomalyKind. */
  @Column('text')
  kind!: string;

  @Column('date')
  day!: string;

  /** Networks, devices, or bytes. */
  @Column('bigint', { transformer: bigint })
  value!: number;

  @Column('bigint', { transformer: bigint })
  usual!: number;

  @Column('timestamptz', { name: 'detected_at' })
  detectedAt!: Date;
}
