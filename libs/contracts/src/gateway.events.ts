import { z } from 'zod';
import { defineEvent } from './define-event';
import { openWord } from './open-word';

export const ConsentPurpose = openWord(['terms', 'analytics', 'marketing'], {
  id: 'ConsentPurpose',
  description: 'What a person agrees to.',
});

export const ConsentSource = openWord(['web', 'bot'], {
  id: 'ConsentSource',
  description: 'Where a person agreed to something.',
});

const consent = {
  consentId: z.uuid(),
  userId: z.uuid().describe('The person, one id everywhere.'),
  purpose: ConsentPurpose,
  version: z.string().min(1).max(40).describe('Of the text that was agreed to.'),
  source: ConsentSource,
};

export const ConsentGiven = defineEvent(
  'gateway.consent.given.v1',
  z.object({ ...consent, givenAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person agreed to something.' },
);

export const ConsentWithdrawn = defineEvent(
  'gateway.consent.withdrawn.v1',
  z.object({ ...consent, withdrawnAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person no longer agrees to something.' },
);
