import type { DataMap } from '@switchboard/service-kit';

export const gatewayDataMap: DataMap = {
  bots: {
    purpose: 'Bots that are kept here, and not described by files.',
    retention: 'For good; one that is not needed any more is archived.',
    erasure: 'not personal',
    columns: {
      id: 'The bot.',
      state: 'Active, paused or archived.',
      description: 'What the bot is, without secrets. It may name people at the channel who are invited or shut out.',
      taken_from: 'The file that it was taken over from.',
      secret_names: 'Secrets that services look for.',
    },
  },
  bot_revisions: {
    purpose: 'What was changed in a bot, by whom and why, to be compared and taken back.',
    retention: 'As long as the bot.',
    erasure: 'not personal',
    columns: {
      bot_id: 'The bot.',
      change: 'What was done.',
      state: 'Active, paused or archived.',
      description: 'As it was then.',
      secrets_set: 'Names of secrets.',
      secrets_removed: 'Names of secrets.',
      why: 'In the words of who did it.',
      by_kind: 'Staff or a key.',
      by_id: 'Id of the member of staff or of the key.',
    },
  },
  bot_secrets: {
    purpose: 'Tokens and keys of bots, for the services that need them.',
    retention: 'Until they are removed.',
    erasure: 'not personal',
    columns: {
      bot_id: 'The bot.',
      name: 'Where it belongs in the description.',
      value: 'The secret, encrypted with a key of the installation.',
      digest: 'A keyed hash of it.',
      last4: 'Its last four characters.',
      by_kind: 'Staff or a key.',
      by_id: 'Id of the member of staff or of the key.',
    },
  },
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
