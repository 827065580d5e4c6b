import { type GatewayGrant, gatewayStaffGrant, type GatewayStaffMember } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  SubmitButton,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { GrantFields } from './grant-fields';
import { KeysOfMember } from './keys-of-member';
import { useStaffTexts } from './staff.texts';

export function GrantDialog({ member, onClose }: { member: GatewayStaffMember; onClose: () => void }) {
  const t = useStaffTexts();
  const kit = useKitTexts();
  const [grants, setGrants] = useState<GatewayGrant[]>(member.grants);
  const form = useForm({
    send: () =>
      gatewayStaffGrant({
        path: { staffId: member.id },
        headers: { 'If-Match': etagOf(member.revision) },
        body: { grants },
      }),
    done: () => {
      notify({ text: t.saved });
      onClose();
      void refresh('gatewayStaff');
    },
  });
  return (
    <Dialog
      width="wide"
      title={t.grantTitle(member.name)}
      about={t.untilHint}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <GrantFields grants={grants} onChange={setGrants} />
          <KeysOfMember staffId={member.id} grants={grants} />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
