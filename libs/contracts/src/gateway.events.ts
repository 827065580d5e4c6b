import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { openWord } from './open-word';
import { definePersonErased } from './person-erased';

export const AccessChanged = defineSignal(
  'gateway.access.changed.v1',
  z.object({ subjectId: z.uuid().describe('A person, a member of staff, or an API key.') }),
  'What somebody may do is to be looked up anew: signed out, suspended, given or deprived of a role; from one process of the gateway to the others.',
);

export const GatewayPersonErased = definePersonErased('gateway');

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
