import { z } from 'zod';
import { defineSignal } from './define-event';
import { definePersonErased } from './person-erased';

export const AccessChanged = defineSignal(
  'gateway.access.changed.v1',
  z.object({ subjectId: z.uuid().describe('A person, a member of staff, or an API key.') }),
  'What somebody may do is to be looked up anew: signed out, suspended, given or deprived of a role; from one process of the gateway to the others.',
);

export const GatewayPersonErased = definePersonErased('gateway');
