import { gatewayAccountListApprovalsOptions } from '@switchboard/api-client';
import { Button, Dialog, DialogActions, DialogBody, Facts, Moment, Spinner } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { onApprovalNeeded, type WaitingRequest } from './approval';
import { useShellTexts } from './shell.texts';

const LOOK_EVERY_MS = 4000;

/** Waits with the person until somebody else agrees, or lets them go on with something else. Once in the staff's area. */
export function ApprovalDialog() {
  const t = useShellTexts();
  const [asked, setAsked] = useState<{ waiting: WaitingRequest; answer: (approved: boolean) => void }>();
  useEffect(() => onApprovalNeeded((waiting) => new Promise((resolve) => setAsked({ waiting, answer: resolve }))), []);
  const finish = (approved: boolean) => {
    asked?.answer(approved);
    setAsked(undefined);
  };
  return (
    <Dialog
      width="narrow"
      title={t.approval.title}
      about={t.approval.text}
      isOpen={asked !== undefined}
      onOpenChange={(open) => !open && finish(false)}
    >
      <DialogBody>{asked && <Waiting waiting={asked.waiting} onApproved={() => finish(true)} />}</DialogBody>
      <DialogActions>
        <Button onPress={() => finish(false)}>{t.approval.later}</Button>
      </DialogActions>
    </Dialog>
  );
}

function Waiting({
  waiting: { approvalId, expiresAt },
  onApproved,
}: {
  waiting: WaitingRequest;
  onApproved: () => void;
}) {
  const t = useShellTexts();
  const { data } = useQuery({
    ...gatewayAccountListApprovalsOptions({ query: { limit: 50 } }),
    refetchInterval: LOOK_EVERY_MS,
  });
  const state = data?.data.find(({ id }) => id === approvalId)?.state;
  const isApproved = state === 'approved';
  useEffect(() => {
    if (isApproved) onApproved();
  }, [isApproved, onApproved]);
  return (
    <>
      <p className="ui-row" role="status">
        {state === 'rejected' ? (
          t.approval.rejected
        ) : (
          <>
            <Spinner /> {t.approval.waiting}
          </>
        )}
      </p>
      <Facts facts={[[t.approval.until, <Moment key="until" at={expiresAt} />]]} />
    </>
  );
}
