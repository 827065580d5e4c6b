import type { KnownConnectionFailure, KnownConnectionState } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CONNECTION_TRANSITIONS } from './connection.states';

/** An account of the shop at a channel, with the token by which a bot speaks for it. */
@Entity({ name: 'channel_connections' })
export class Connection {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  kind!: string;

  /** The channel's own id. */
  @Column('text')
  account!: string;

  @Column('text')
  title!: string;

  @Column('text', { nullable: true })
  username!: string | null;

  /** Encrypted; null of one that was disconnected. */
  @Column('text', { name: 'access_token', nullable: true })
  accessToken!: string | null;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('text')
  state!: KnownConnectionState;

  @Column('text', { nullable: true })
  failure!: KnownConnectionFailure | null;

  @Column('timestamptz', { name: 'obtained_at' })
  obtainedAt!: Date;

  @Column('timestamptz', { name: 'refreshed_at', nullable: true })
  refreshedAt!: Date | null;

  @Column('timestamptz', { name: 'next_refresh_at', nullable: true })
  nextRefreshAt!: Date | null;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** A member of staff. */
  @Column('text', { name: 'connected_by' })
  connectedBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('integer')
  revision!: number;

  /** False when it cannot: nothing is changed then. */
  become(state: KnownConnectionState, failure: KnownConnectionFailure | null = null): boolean {
    if (!CONNECTION_TRANSITIONS[this.state].includes(state)) return false;
    Object.assign(this, { state, failure, revision: this.revision + 1 });
    return true;
  }
}

/** Somebody has begun to connect an account, and is at the page of the channel. */
@Entity({ name: 'connection_attempts' })
export class ConnectionAttempt {
  @PrimaryColumn('uuid')
  id!: string;

  /** Of what the page brings back. */
  @Column('text', { name: 'state_hash' })
  stateHash!: string;

  @Column('text')
  kind!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Who began, and is to end it. */
  @Column('text', { name: 'staff_id' })
  staffId!: string;

  @Column('text', { name: 'return_to' })
  returnTo!: string;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  @Column('uuid', { name: 'connection_id', nullable: true })
  connectionId!: string | null;
}
