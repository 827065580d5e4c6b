import { z } from 'zod';
import { openWord } from './open-word';

export const TicketState = openWord(['open', 'waiting', 'snoozed', 'closed'], {
  id: 'chat-ai.TicketState',
  description:
    'Whose turn it is. "open": the person waits for staff; "waiting": staff wait for the person; "snoozed": nobody is reminded before a time.',
});

export const TicketReason = openWord(
  ['asked', 'cannot_help', 'complaint', 'staff', 'foreign_reply', 'flagged', 'unanswered_amount'],
  {
    id: 'chat-ai.TicketReason',
    description:
      'Why a human is to answer; mostly that of the hand-over. "unanswered_amount": the assistant had a price that nothing proves.',
  },
);

export const MessageAuthor = openWord(['staff', 'group', 'channel'], {
  id: 'chat-ai.MessageAuthor',
  description:
    'From where staff wrote. "staff": the console; "group": the group of the staff; "channel": the app of the channel itself.',
});

export const Tone = openWord(['negative', 'neutral', 'positive'], {
  id: 'chat-ai.Tone',
  description: 'How a message of a person sounds.',
});

export const ScenarioKey = openWord(['size', 'price', 'delivery', 'order-status', 'return', 'complaint', 'other'], {
  id: 'chat-ai.Scenario',
  description: 'What a message of a person is about; a shop may have more of its own.',
});

/** As staff call a team, a tag, a shortcut. */
export const DeskWord = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,39}$/u)
  .meta({ id: 'chat-ai.DeskWord', description: 'Letters, digits, spaces, hyphens; 40 characters at most.' });
