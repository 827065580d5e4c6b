import { gatewayApprovalsListOptions } from '@switchboard/api-client';
import type { Staff } from '../session';

/** Others wait for a decision meanwhile. */
const LOOK_EVERY_MS = 60_000;

/** How many requests wait for a decision of this member of staff. */
export const waitingApprovals = (staff: Staff) => ({
  ...gatewayApprovalsListOptions({ query: { state: 'pending', limit: 50 } }),
  enabled: staff.can('approvals:write'),
  refetchInterval: LOOK_EVERY_MS,
  select: ({ data }: { data: readonly { mayDecide: boolean }[] }) => data.filter(({ mayDecide }) => mayDecide).length,
});
