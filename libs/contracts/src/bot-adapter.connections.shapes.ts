import { type Known, openWord } from './open-word';

export const ConnectionKind = openWord(['instagram', 'whatsapp', 'vk', 'telegram-business'], {
  id: 'bot-adapter.ConnectionKind',
  description: 'What was connected: an account that the shop has at a channel, or in an app of it.',
});

export const ConnectionState = openWord(['connected', 'refresh-failing', 'needs-reauth', 'disconnected'], {
  id: 'bot-adapter.ConnectionState',
  description:
    'Whether an account can be used. "refresh-failing": it can, but its token could not be renewed the last time; "needs-reauth": somebody has to connect it again, and until then what is to be sent waits.',
});

export type KnownConnectionState = Known<typeof ConnectionState>;

export const ConnectionFailure = openWord(['token_expired', 'access_revoked', 'refresh_refused', 'by_staff'], {
  id: 'bot-adapter.ConnectionFailure',
  description: 'Why an account can be used no longer. "access_revoked": in the settings of the channel.',
});
export type KnownConnectionFailure = Known<typeof ConnectionFailure>;
