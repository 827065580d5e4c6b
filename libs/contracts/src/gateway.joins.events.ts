// Not in catalog.ts yet: the service that says them adds this file there, and publishes the snapshots.
import { z } from 'zod';
import { defineEvent } from './define-event';
import { openWord } from './open-word';

export const PersonJoined = defineEvent(
  'gateway.person.joined.v1',
  z.object({
    joinId: z.uuid(),
    userId: z.uuid().describe('Who they are from now on: the one who was known first.'),
    formerUserId: z.uuid().describe('What is known of this one belongs to the other; erasing one erases both.'),
    joinedAt: z.iso.datetime(),
  }),
  { subject: 'userId', summary: 'Two that were taken for different people are one person.' },
);

export const JoinRefusedReason = openWord(
  [
    'same_channel',
    'both_sign_in',
    'has_subscription',
    'has_balance_hold',
    'has_payout',
    'already_joined',
    'restricted',
  ],
  {
    id: 'JoinRefusedReason',
    description:
      'Why two people stay two. "same_channel": both have an account of the same channel; "both_sign_in": both sign in on their own; "has_…": the one who would go has it with payments.',
  },
);

export const JoinRefused = defineEvent(
  'gateway.join.refused.v1',
  z.object({
    joinId: z.uuid(),
    userId: z.uuid().describe('Who opened the link.'),
    otherUserId: z.uuid().describe('Who followed it.'),
    reason: JoinRefusedReason,
  }),
  { subject: 'userId', summary: 'Two who said that they are one person stay two.' },
);
