import type { DataMap } from '@switchboard/service-kit';

export const gatewayDataMap: DataMap = {
  users: {
    purpose: 'People, one id each wherever they come from.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'id',
    columns: {
      name: 'What the person is called, encrypted with the key of the person.',
      locale: 'Language that the person is spoken to in.',
      time_zone: 'Time zone of the person.',
    },
  },
  identities: {
    purpose: 'By what people are known elsewhere, so that whoever signs in is the person who wrote to the bot.',
    retention: 'Until the person takes it away, or is erased.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      channel: 'A messenger, an account elsewhere, or e-mail.',
      external_hash: 'Keyed hash of the id there.',
      external_id: 'The id there, encrypted with the key of the person.',
      label: 'How the person is called there, likewise.',
    },
  },
  consents: {
    purpose: 'What people have agreed to, and when that ended.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { purpose: 'To what.', version: 'Of the text.', source: 'Where.' },
  },
  erased_identities: {
    purpose: 'Whose identities were erased, so that a backup that is restored does not bring them back.',
    retention: 'For good: nobody can be told from it who does not come with the id themselves.',
    erasure: 'not personal',
    columns: { tombstone: 'Keyed hash of the keyed hash of the id.' },
  },
  sign_in_links: {
    purpose: 'Links that sign in once, by e-mail or out of a bot.',
    retention: 'A day.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      user_id:
        'Whom it signs in. Who asks for one by e-mail need not be known; those are found by the hash of the address.',
      kind: 'What it does.',
      email_hash: 'Keyed hash of the address.',
      email: 'The address, encrypted with a key of the installation.',
      locale: 'Language of the mail.',
      return_to: 'Page of this site that is shown afterwards.',
      browser_hash: 'SHA-256 of what the browser that asked for it keeps in a cookie.',
    },
  },
  spent_attempts: {
    purpose: 'Attempts to sign in that have come back: each counts once.',
    retention: 'A day.',
    erasure: 'not personal',
    columns: {},
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
    columns: {
      state: 'Invited, active or suspended.',
      email_hash: 'Keyed hash, by which they are found.',
      email: 'Address, encrypted.',
      name: 'Name, encrypted.',
      password_hash: 'Argon2id.',
      totp_secret: 'Secret of the authenticator app, encrypted.',
      recovery_hashes: 'Keyed hashes of the recovery codes that are left.',
      invitation_hash: 'Keyed hash of the invitation.',
    },
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
