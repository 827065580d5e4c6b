import { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { z } from 'zod';

const label = { label: z.string() };
/** As the channel port has them (channels/channel.ts), for storing. */
export const Buttons = z.array(
  z.array(
    z.union([
      z.object({ ...label, data: z.string().max(64) }),
      z.object({ ...label, url: z.string() }),
      z.object({ ...label, webApp: z.string() }),
      z.object({
        ...label,
        invoice: z.object({
          title: z.string(),
          description: z.string(),
          payload: z.string(),
          currency: z.string(),
          amountMinor: z.int(),
        }),
      }),
    ]),
  ),
);

const Keyboard = z.union([
  z.object({
    rows: z.array(z.array(z.object({ ...label, webApp: z.string().optional() }))),
    once: z.boolean().optional(),
  }),
  z.literal('remove'),
]);

/** Where in its chat something belongs. Ids of topics and messages count only in this chat: when it moves they are void. */
export const Place = z.object({
  chatHash: z.string().describe('Chat.externalHash'),
  threadId: z.string().optional(),
  replyTo: z.string().optional().describe('The message that it answers.'),
});
export type Place = z.output<typeof Place>;

/** What a delivery says, as it is stored: formatting and splitting wait until it is sent. */
export const DeliveryContent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    markdown: z.string(),
    locale: Locale,
    buttons: Buttons.optional().describe('Under the last of its messages.'),
    replaces: z
      .object({ chatHash: z.string(), messages: z.array(z.string()) })
      .optional()
      .describe('The messages of ours in whose place it comes, while the chat has that id.'),
    place: Place.optional(),
  }),
  z.object({
    kind: z.literal('staff'),
    markdown: z.string(),
    place: Place.optional(),
  }),
  z.object({
    kind: z.literal('voice'),
    audioId: z.string(),
    durationMs: z.int().nonnegative(),
    place: Place.optional(),
  }),
  z.object({
    kind: z.literal('notice'),
    text: z.string().min(1),
    format: z.literal('markdown').optional().describe('Without it the text is shown exactly as it is.'),
    buttons: Buttons.optional(),
    keyboard: Keyboard.optional(),
    edits: z.string().optional().describe('The message of ours that this replaces.'),
    place: Place.optional(),
  }),
  z.object({
    kind: z.literal('picture'),
    qr: z.string().min(1).max(1000).describe('What the picture says to whoever scans it.'),
    text: z.string().min(1).describe('Below it.'),
    format: z.literal('markdown').optional(),
    buttons: Buttons.optional(),
    place: Place.optional(),
  }),
  z.object({
    kind: z.literal('buttons'),
    edits: z.string().describe('The message of ours whose buttons become these.'),
    buttons: Buttons,
    place: Place.optional(),
  }),
]);
export type DeliveryContent = z.output<typeof DeliveryContent>;

export type DeliveryKind = DeliveryContent['kind'];
export type DeliveryState = 'queued' | 'sending' | 'sent' | 'failed';

/** Something to be sent to a chat. Deliveries of one chat go out one after the other, by `seq`. */
@Entity({ name: 'deliveries' })
export class Delivery {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  kind!: DeliveryKind;

  /** The reply, speech or message because of which it is sent: once per kind. */
  @Column({ name: 'cause_id', type: 'uuid' })
  causeId!: string;

  /** A DeliveryContent, encrypted. */
  @Column({ type: 'text' })
  content!: string;

  /** `sending` is written before the call and left after it: who finds it later knows that the outcome is not known. */
  @Column({ type: 'text' })
  state!: DeliveryState;

  /** Parts of a long answer before this one have been sent. */
  @Column({ name: 'next_part', type: 'integer' })
  nextPart!: number;

  /** How often the next part was tried. */
  @Column({ type: 'integer' })
  tries!: number;

  /** How many of these tries may have sent it without our learning of it. */
  @Column({ name: 'unknown_outcomes', type: 'integer' })
  unknownOutcomes!: number;

  @Column({ name: 'external_message_ids', type: 'text', array: true })
  externalMessageIds!: string[];

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  /** Sent to many, and asked for by nobody: it goes after everything else, and rather not at all than twice. */
  @Column({ type: 'boolean' })
  bulk!: boolean;

  /** Whether the bot says it, or a member of staff who has typed it: channels allow them more. */
  @Column({ type: 'text' })
  author!: 'bot' | 'person';

  @Column({ name: 'queued_at', type: 'timestamptz' })
  queuedAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
