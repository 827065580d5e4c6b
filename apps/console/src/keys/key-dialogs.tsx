import {
  type GatewayApiKey,
  gatewayKeysCreate,
  gatewayKeysRotate,
  type GatewayNewApiKey,
} from '@switchboard/api-client';
import {
  Button,
  CheckboxGroup,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  NumberField,
  Select,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { refresh } from '../http/api';
import { useBots } from '../bots/bots.api';
import { useStaff } from '../session';
import { permissions, usePermissionName } from '../staff-names/permission-texts';
import { NewSecretDialog, RotateDialog } from '../secrets/secret-dialogs';
import { useKeyTexts } from './keys.texts';
import './keys.css';

/** What no key may do, whatever it was given; as the gateway has it. */
const NOT_FOR_KEYS: readonly string[] = ['staff:write', 'keys:write', 'owners:write', 'approvals:write'];

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const t = useKeyTexts();
  const kit = useKitTexts();
  const bots = useBots();
  const [made, setMade] = useState<GatewayNewApiKey>();
  const form = useForm({
    send: async (values, key) => {
      const chosen = values.list('bots');
      const { data } = await gatewayKeysCreate({
        headers: { 'Idempotency-Key': key },
        body: {
          name: values.text('name'),
          team: values.text('team'),
          scopes: values.list('scopes'),
          bots: chosen.length > 0 ? chosen : null,
          networks: words(values.text('networks')),
          rate: values.text('rate') === 'high' ? 'high' : 'standard',
          lifetimeDays: values.number('lifetimeDays'),
        },
      });
      return data;
    },
    done: (answer) => {
      setMade(answer);
      void refresh('gatewayKeys');
    },
  });
  const shown = useWords(made?.details.name ?? '');
  if (made) return <NewSecretDialog words={shown} secret={made.key} onClose={onClose} />;
  return (
    <Dialog title={t.new} about={t.about} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <FieldRow>
            <TextField name="name" label={t.name} hint={t.nameHint} isRequired autoFocus />
            <TextField name="team" label={t.team} hint={t.teamHint} isRequired />
          </FieldRow>
          <KeyScopes />
          {bots.length > 0 && (
            <CheckboxGroup
              name="bots"
              label={t.bots}
              hint={t.botsHint}
              optional
              choices={bots.map(({ id, name }) => ({ id, label: name }))}
            />
          )}
          <TextArea name="networks" label={t.networks} hint={t.networksHint} rows={2} mono optional />
          <FieldRow>
            <Select
              name="rate"
              label={t.rate}
              defaultValue="standard"
              choices={(['standard', 'high'] as const).map((id) => ({ id, label: t.rates[id] }))}
            />
            <NumberField name="lifetimeDays" label={t.lifetime} defaultValue={180} minValue={1} maxValue={365} />
          </FieldRow>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.create}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** Of what there is, and whoever makes the key may do themselves. */
function KeyScopes() {
  const t = useKeyTexts();
  const staff = useStaff();
  const nameOf = usePermissionName();
  const choices = permissions.filter((one) => staff.can(one) && !NOT_FOR_KEYS.includes(one));
  return (
    <div className="key-scopes">
      <CheckboxGroup
        name="scopes"
        label={t.scopes}
        hint={t.scopesHint}
        isRequired
        choices={choices.map((id) => ({ id, label: nameOf(id), hint: <code>{id}</code> }))}
      />
    </div>
  );
}

export function RotateKeyDialog({ apiKey: { id, name }, onClose }: { apiKey: GatewayApiKey; onClose: () => void }) {
  const t = useKeyTexts();
  const rotate = async (overlapDays: number, idempotencyKey: string) => {
    const { data } = await gatewayKeysRotate({
      path: { keyId: id },
      headers: { 'Idempotency-Key': idempotencyKey },
      body: { overlapDays },
    });
    void refresh('gatewayKeys');
    return data.key;
  };
  return (
    <RotateDialog
      title={t.rotateTitle(name)}
      about={t.rotateText}
      action={t.rotate}
      overlap={t.overlap}
      overlaps={(['1', '7', '0'] as const).map((days) => ({ id: days, label: t.overlaps[days] }))}
      rotate={rotate}
      made={useWords(name)}
      onClose={onClose}
    />
  );
}

function useWords(name: string) {
  const t = useKeyTexts();
  return { title: t.madeTitle, about: t.madeText, label: t.key, fileName: `${name.replaceAll(/\W+/g, '-')}.key` };
}
