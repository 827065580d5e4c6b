import type { DataMap } from '@switchboard/service-kit';

export const gatewayDataMap: DataMap = {
  limit_replicas: {
    purpose: 'Which processes count calls, so that each gives away its part of every limit.',
    retention: 'While they run, and some minutes longer.',
    erasure: 'not personal',
    columns: {},
  },
  sessions: {
    purpose: 'Browsers in which somebody is signed in.',
    retention: 'Until they are signed out or expire: 30 days for persons, 12 hours for staff.',
    erasure: 'delete row',
    person: 'subject_id',
    columns: {
      token_hash: 'Hash of the token in the cookie.',
      kind: 'Whether of a person or of a member of staff.',
      subject_id: 'Whose it is.',
      amr: 'How they proved who they are.',
      device: 'Browser and system, without their versions.',
    },
  },
  staff: {
    purpose: 'Who works here.',
    retention: 'For as long as what they did is kept.',
    erasure: 'not personal',
    columns: { state: 'Invited, active or suspended.' },
  },
  roles: {
    purpose: 'What may be done by whoever has a role.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { name: 'Name of the role.', scopes: 'What it allows and forbids.' },
  },
  grants: {
    purpose: 'Who has which role, for all bots or for one.',
    retention: 'Until it is taken away.',
    erasure: 'not personal',
    columns: { staff_id: 'Who has it.', role: 'Name of the role.', bot_id: 'The bot.', granted_by: 'Who gave it.' },
  },
};
