import { gatewayStaffEdit, type GatewayStaffMember } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { etagOf, refresh } from '../http/api';
import { useStaffTexts } from './staff.texts';

/** What somebody is called, and the address with which they sign in. */
export function MemberDialog({ member, onClose }: { member: GatewayStaffMember; onClose: () => void }) {
  const t = useStaffTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: (values) =>
      gatewayStaffEdit({
        path: { staffId: member.id },
        headers: { 'If-Match': etagOf(member.revision) },
        body: { name: values.text('name'), email: values.text('email') },
      }),
    done: () => {
      notify({ text: t.renamed });
      onClose();
      void refresh('gatewayStaff');
    },
  });
  return (
    <Dialog title={t.rename} about={t.renameAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="name" label={t.name} defaultValue={member.name} isRequired autoFocus />
          <TextField name="email" type="email" label={t.email} defaultValue={member.email ?? ''} isRequired />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
