import { type GatewayGrant, type GatewayInvitation, gatewayStaffInvite } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { GrantFields } from './grant-fields';
import { useStaffTexts } from './staff.texts';

export function InviteDialog({ onClose, onDone }: { onClose: () => void; onDone: (made: GatewayInvitation) => void }) {
  const t = useStaffTexts();
  const kit = useKitTexts();
  const [grants, setGrants] = useState<GatewayGrant[]>([{ role: 'analyst', botId: null, until: null }]);
  const form = useForm({
    send: async (values, key) => {
      const body = { name: values.text('name'), email: values.text('email'), grants };
      return (await gatewayStaffInvite({ headers: { 'Idempotency-Key': key }, body })).data;
    },
    done: onDone,
  });
  return (
    <Dialog width="wide" title={t.inviteTitle} about={t.inviteAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <FieldRow>
            <TextField name="name" label={t.name} isRequired autoFocus />
            <TextField name="email" type="email" label={t.email} isRequired />
          </FieldRow>
          <GrantFields grants={grants} onChange={setGrants} />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.invite}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
