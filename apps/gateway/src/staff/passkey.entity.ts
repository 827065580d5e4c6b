import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key on a device, by which a member of staff signs in. */
@Entity({ name: 'passkeys' })
export class Passkey {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'staff_id' })
  staffId!: string;

  /** As the device names it, in base64url. */
  @Column('text', { name: 'credential_id' })
  credentialId!: string;

  /** COSE, RFC 9053. */
  @Column('bytea', { name: 'public_key' })
  publicKey!: Uint8Array<ArrayBuffer>;

  /** How often it was used, as it says itself; 0 for good of those that do not count. */
  @Column('bigint', { transformer: { from: Number, to: (counter: number) => counter } })
  counter!: number;

  @Column('text', { array: true })
  transports!: string[];

  /** It may be on several devices of its owner. */
  @Column('boolean', { name: 'is_synced' })
  isSynced!: boolean;

  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  /** Since when it counts no more, because somebody has a copy of it. */
  @Column('timestamptz', { name: 'cloned_at', nullable: true })
  clonedAt!: Date | null;
}
