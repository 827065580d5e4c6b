import { Locale } from '@switchboard/contracts';
import { z } from 'zod';

const Buttons = z.array(z.array(z.object({ label: z.string(), data: z.string().max(64) })));

/** What a delivery says, as it is stored: formatting and splitting wait until it is sent. */
export const DeliveryContent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    markdown: z.string(),
    locale: Locale,
    listenId: z.string().optional().describe('The callback of the button that asks for the voice.'),
  }),
  z.object({ kind: z.literal('voice'), audioId: z.string(), durationMs: z.int().nonnegative() }),
  z.object({
    kind: z.literal('notice'),
    text: z.string().min(1),
    buttons: Buttons.optional(),
    edits: z.string().optional().describe('The message of ours that this replaces.'),
  }),
]);
export type DeliveryContent = z.output<typeof DeliveryContent>;

/** Where it is encrypted to: see FieldCipher. */
export const CONTENT_PLACE = 'deliveries.content';
