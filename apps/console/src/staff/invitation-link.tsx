import type { GatewayInvitation } from '@switchboard/api-client';
import { Button, Dialog, DialogActions, DialogBody, SecretField, useFormats } from '@switchboard/ui';
import { useStaffTexts } from './staff.texts';

/** The link of an invitation, shown this once. */
export function InvitationLink({
  invitation: { link, expiresAt },
  onClose,
}: {
  invitation: GatewayInvitation;
  onClose: () => void;
}) {
  const t = useStaffTexts();
  const formats = useFormats();
  return (
    <Dialog
      title={t.linkTitle}
      about={t.linkText(formats.dateTime(expiresAt))}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <SecretField label={t.link} secret={link} />
      </DialogBody>
      <DialogActions>
        <Button look="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
