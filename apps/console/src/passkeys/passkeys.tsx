import { browserSupportsWebAuthn, startRegistration, WebAuthnError } from '@simplewebauthn/browser';
import {
  type GatewayNewPasskey,
  type GatewayPasskey,
  gatewayPasskeysAdd,
  gatewayPasskeysBegin,
  gatewayPasskeysListOptions,
  gatewayPasskeysRemove,
  gatewayPasskeysRename,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  IconButton,
  MenuButton,
  notify,
  ProblemLine,
  SkeletonLines,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Ellipsis, Fingerprint, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { usePasskeyTexts } from './passkeys.texts';
import './passkeys.css';

type RegistrationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];

/** The passkeys of whoever is signed in. */
export function Passkeys() {
  const t = usePasskeyTexts();
  const kit = useKitTexts();
  const [adding, setAdding] = useState(false);
  const { data, error } = useQuery(gatewayPasskeysListOptions());
  return (
    <Card title={t.title} about={t.about}>
      {error && <ProblemLine error={error} />}
      {!data && !error && <SkeletonLines lines={2} label={kit.loading} />}
      {data && data.data.length > 0 && (
        <ul className="passkeys">
          {data.data.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {browserSupportsWebAuthn() ? (
        <div>
          <Button icon={<Plus />} onPress={() => setAdding(true)}>
            {t.add}
          </Button>
        </div>
      ) : (
        <p className="soft">{t.unsupported}</p>
      )}
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </Card>
  );
}

function PasskeyRow({ passkey: { id, name, isSynced, isCloned, usedAt } }: { passkey: GatewayPasskey }) {
  const t = usePasskeyTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const confirm = useConfirm();
  const [renaming, setRenaming] = useState(false);
  const path = { passkeyId: id };
  const form = useForm({
    send: (values) => gatewayPasskeysRename({ path, body: { name: values.text('name') } }),
    done: () => {
      notify({ text: t.renamed });
      setRenaming(false);
      void refresh('gatewayPasskeys');
    },
  });
  const remove = async () => {
    const question = { title: t.removeTitle(name), text: t.removeText, action: t.remove, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await gatewayPasskeysRemove({ path })
      .then(() => notify({ text: t.removed }))
      .catch(tellProblem);
    await refresh('gatewayPasskeys', 'gatewayAccount');
  };
  return (
    <li>
      <Fingerprint aria-hidden />
      <span className="two-lines">
        <span>{name}</span>
        <small>
          {usedAt ? t.used(formats.relative(usedAt)) : t.never}
          {isSynced && `, ${t.synced}`}
        </small>
      </span>
      {isCloned && <Badge tone="bad">{t.cloned}</Badge>}
      <MenuButton
        label={kit.table.actionsOf(name)}
        placement="bottom end"
        groups={[
          {
            id: 'all',
            entries: [
              { id: 'rename', label: t.rename, icon: <Pencil />, onAction: () => setRenaming(true) },
              { id: 'remove', label: t.remove, icon: <Trash2 />, look: 'danger', onAction: () => void remove() },
            ],
          },
        ]}
      >
        <IconButton label={kit.table.actionsOf(name)} icon={<Ellipsis />} size="small" />
      </MenuButton>
      <Dialog width="narrow" title={t.rename} isOpen={renaming} onOpenChange={setRenaming}>
        <Form form={form}>
          <DialogBody>
            <FormProblem form={form} />
            <TextField name="name" label={t.name} defaultValue={name} maxLength={60} isRequired autoFocus />
          </DialogBody>
          <DialogActions>
            <Button onPress={() => setRenaming(false)}>{kit.cancel}</Button>
            <SubmitButton form={form}>{t.save}</SubmitButton>
          </DialogActions>
        </Form>
      </Dialog>
    </li>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const t = usePasskeyTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: async (values) => {
      const { ticket, options } = (await gatewayPasskeysBegin()).data;
      const made = await startRegistration({ optionsJSON: options as unknown as RegistrationOptions }).catch(
        (error: unknown) => {
          throw inWords(error, t);
        },
      );
      const response = made as unknown as GatewayNewPasskey;
      await gatewayPasskeysAdd({ body: { ticket, name: values.text('name'), response } });
    },
    done: () => {
      notify({ text: t.added });
      onClose();
      void refresh('gatewayPasskeys', 'gatewayAccount');
    },
  });
  return (
    <Dialog width="narrow" title={t.add} about={t.addAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="name" label={t.name} hint={t.nameHint} maxLength={60} isRequired autoFocus />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.next}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** What the browser did not do, in the words of the page: its own are for developers. */
function inWords(error: unknown, t: ReturnType<typeof usePasskeyTexts>): unknown {
  const isKnown = error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED';
  return { title: isKnown ? t.known : t.aborted, status: 400, code: isKnown ? 'passkey_known' : 'passkey_aborted' };
}
