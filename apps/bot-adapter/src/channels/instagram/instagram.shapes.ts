import { z } from 'zod';

// What of an update is read. Source: documentation/instagram-platform/webhooks/examples. Everything else may be there.

const Party = z.object({ id: z.string() });
const Referral = z.object({ ref: z.string().optional(), source: z.string().optional(), ad_id: z.string().optional() });

const Attachment = z.object({
  type: z.string(),
  payload: z.object({ url: z.string().optional(), title: z.string().optional() }).optional(),
});
export type Attachment = z.output<typeof Attachment>;

export const InstagramMessage = z.object({
  mid: z.string(),
  text: z.string().optional(),
  attachments: z.array(Attachment).optional(),
  reply_to: z
    .object({
      mid: z.string().optional(),
      story: z.object({ id: z.string().optional(), url: z.string().optional() }).optional(),
    })
    .optional(),
  quick_reply: z.object({ payload: z.string() }).optional(),
  referral: Referral.optional(),
  is_echo: z.boolean().optional(),
  is_deleted: z.boolean().optional(),
  is_unsupported: z.boolean().optional(),
});
export type InstagramMessage = z.output<typeof InstagramMessage>;

/** One of `messaging`. */
export const Messaging = z.object({
  sender: Party,
  recipient: Party,
  timestamp: z.number(),
  message: InstagramMessage.optional(),
  message_edit: z.object({ mid: z.string(), text: z.string().optional(), num_edit: z.number().optional() }).optional(),
  postback: z.object({ mid: z.string().optional(), title: z.string().optional(), payload: z.string() }).optional(),
  reaction: z
    .object({ mid: z.string(), action: z.string(), reaction: z.string().optional(), emoji: z.string().optional() })
    .optional(),
  read: z.object({ mid: z.string() }).optional(),
  referral: Referral.optional(),
});
export type Messaging = z.output<typeof Messaging>;

/** One of `changes`. */
export const Change = z.object({
  field: z.string(),
  value: z.object({
    id: z.string().optional(),
    from: z.object({ id: z.string(), username: z.string().optional() }).optional(),
    text: z.string().optional(),
    media: z.object({ id: z.string(), media_product_type: z.string().optional() }).optional(),
    parent_id: z.string().optional(),
  }),
});
export type Change = z.output<typeof Change>;

/** As an update is kept until it is processed: what came, and as what. */
export const Update = z.union([
  z.object({ messaging: Messaging }),
  z.object({ standby: z.looseObject({}) }),
  z.object({ change: Change, time: z.number() }),
]);

const Entry = z.object({
  id: z.string(),
  time: z.number().default(0),
  messaging: z.array(z.unknown()).default([]),
  standby: z.array(z.unknown()).default([]),
  changes: z.array(z.unknown()).default([]),
  // In place of `changes`, as some tools of Meta send it.
  field: z.string().optional(),
  value: z.unknown().optional(),
});
export const Webhook = z.object({ object: z.string(), entry: z.array(Entry) });
