import { useEffect, useState } from 'react';
import { onApprovalNeeded, type WaitingRequest } from '../http/fetch-with-approval';

export interface AskedForApproval {
  readonly id: string;
  readonly waiting: WaitingRequest;
  readonly answer: (approved: boolean) => void;
}

/**
 * What somebody else has to agree to, one after the other. It is not loaded with the dialog that shows it: a request that is refused
 * before the dialog is there would be lost.
 * @returns the first, if any, and what ends it
 */
export function useApprovalQueue(staffId: string): [AskedForApproval | undefined, (approved: boolean) => void] {
  const [queue, setQueue] = useState<readonly AskedForApproval[]>([]);
  useEffect(
    () =>
      onApprovalNeeded(
        staffId,
        (waiting) =>
          new Promise((answer) => setQueue((before) => [...before, { id: crypto.randomUUID(), waiting, answer }])),
      ),
    [staffId],
  );
  const [asked] = queue;
  const end = (approved: boolean) => {
    asked?.answer(approved);
    setQueue((before) => before.filter((one) => one !== asked));
  };
  return [asked, end];
}
