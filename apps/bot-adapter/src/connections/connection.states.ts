import type { KnownConnectionState } from '@switchboard/contracts';

/** Which state may follow which. One that was disconnected stays so: the same account connected anew is another row. */
export const CONNECTION_TRANSITIONS: Readonly<Record<KnownConnectionState, readonly KnownConnectionState[]>> = {
  connected: ['connected', 'refresh-failing', 'needs-reauth', 'disconnected'],
  'refresh-failing': ['connected', 'refresh-failing', 'needs-reauth', 'disconnected'],
  'needs-reauth': ['connected', 'needs-reauth', 'disconnected'],
  disconnected: [],
};
