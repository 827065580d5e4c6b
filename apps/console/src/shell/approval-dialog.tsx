import { gatewayAccountListApprovalsOptions } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Facts,
  Moment,
  ProblemLine,
  Spinner,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { WaitingRequest } from '../http/fetch-with-approval';
import type { AskedForApproval } from './approval-queue';
import { useShellTexts } from './shell.texts';

const LOOK_EVERY_MS = 4000;

/** Waits with the person until somebody else agrees, or lets them go on with something else. Once in the staff's area. */
export function ApprovalDialog({
  asked,
  onEnd,
}: {
  asked: AskedForApproval | undefined;
  onEnd: (approved: boolean) => void;
}) {
  const t = useShellTexts();
  return (
    <Dialog
      width="narrow"
      title={t.approval.title}
      about={t.approval.text}
      isOpen={asked !== undefined}
      onOpenChange={(open) => !open && onEnd(false)}
    >
      {asked && <Waiting key={asked.id} waiting={asked.waiting} onEnd={onEnd} />}
    </Dialog>
  );
}

function Waiting({
  waiting: { approvalId, expiresAt },
  onEnd,
}: {
  waiting: WaitingRequest;
  onEnd: (approved: boolean) => void;
}) {
  const t = useShellTexts();
  const kit = useKitTexts();
  const { data, error } = useQuery({
    ...gatewayAccountListApprovalsOptions({ query: { limit: 50 } }),
    select: ({ data: own }) => own.find(({ id }) => id === approvalId)?.state ?? 'pending',
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ id, state: its }) => id === approvalId && its !== 'pending') ? false : LOOK_EVERY_MS,
  });
  const isApproved = data === 'approved';
  const latest = useRef(onEnd);
  useEffect(() => {
    latest.current = onEnd;
  });
  useEffect(() => {
    if (isApproved) latest.current(true);
  }, [isApproved]);
  // Whatever else became of it, it will not be approved.
  const over = data === 'rejected' || data === 'expired' || data === 'withdrawn' || data === 'used' ? data : undefined;
  return (
    <>
      <DialogBody>
        {error && !over && <ProblemLine error={error} />}
        <p className="ui-row" role="status">
          {over ? (
            t.approval.over[over]
          ) : (
            <>
              <Spinner /> {t.approval.waiting}
            </>
          )}
        </p>
        {!over && <Facts facts={[[t.approval.until, <Moment key="until" at={expiresAt} />]]} />}
      </DialogBody>
      <DialogActions>
        <Button onPress={() => onEnd(false)}>{over ? kit.close : t.approval.later}</Button>
      </DialogActions>
    </>
  );
}
