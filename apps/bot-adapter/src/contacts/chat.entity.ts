import type { Channel, Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ChatKind } from '../channels/channel';

export type VoiceMode = 'off' | 'also';

/** A conversation of a bot, with one person or with a group. */
@Entity({ name: 'chats' })
export class Chat {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  @Column({ type: 'text' })
  channel!: Channel;

  /** The channel's own id, encrypted: see ChatAddresses. */
  @Column({ name: 'external_id', type: 'text' })
  externalId!: string;

  /** By which it is found. */
  @Column({ name: 'external_hash', type: 'text' })
  externalHash!: string;

  @Column({ type: 'text' })
  kind!: ChatKind;

  /** The person of a private chat. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  @Column({ type: 'text' })
  locale!: Locale;

  /** True when someone chose the language by /language; the client's language no longer counts then. */
  @Column({ name: 'locale_chosen', type: 'boolean' })
  localeChosen!: boolean;

  @Column({ name: 'voice_mode', type: 'text' })
  voiceMode!: VoiceMode;

  @Column({ name: 'blocked_at', type: 'timestamptz', nullable: true })
  blockedAt!: Date | null;

  /** The bot may not write there: until then what is said to it is not listened to. */
  @Column({ name: 'muted_until', type: 'timestamptz', nullable: true })
  mutedUntil!: Date | null;

  /** When it was last said there that the bot is paused. */
  @Column({ name: 'rest_told_at', type: 'timestamptz', nullable: true })
  restToldAt!: Date | null;

  @Column({ name: 'next_send_at', type: 'timestamptz', nullable: true })
  nextSendAt!: Date | null;

  /** Until then the bot may write there, in a channel that has such a window; null while the person has opened none. */
  @Column({ name: 'window_until', type: 'timestamptz', nullable: true })
  windowUntil!: Date | null;

  /** The same for what staff write themselves, where the channel gives them longer. */
  @Column({ name: 'person_window_until', type: 'timestamptz', nullable: true })
  personWindowUntil!: Date | null;

  /** Until then staff answer in place of the assistant. */
  @Column({ name: 'handed_over_until', type: 'timestamptz', nullable: true })
  handedOverUntil!: Date | null;

  /** The chat that goes on in place of this one, which was met under a new id of the same. */
  @Column({ name: 'moved_to', type: 'uuid', nullable: true })
  movedTo!: string | null;

  /** By which it was found before it moved. */
  @Column({ name: 'former_hashes', type: 'text', array: true })
  formerHashes!: string[];
}
