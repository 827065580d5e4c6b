import { gatewayStaffSignInBeginSso, gatewayStaffSignInProveAgain } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useEffect, useState } from 'react';
import { tellProblem } from '../http/api';
import { ProveWithPasskey } from '../passkeys/prove-with-passkey';
import { useStaff } from '../session';
import { useShellTexts } from './shell.texts';
import { onStepUp } from '../http/fetch-with-step-up';

/** Asks who is signed in to prove it once more, when the server wants it. Once in the staff's area. */
export function StepUpDialog() {
  const t = useShellTexts();
  const kit = useKitTexts();
  const [answer, setAnswer] = useState<(proven: boolean) => void>();
  useEffect(() => onStepUp(() => new Promise((resolve) => setAnswer(() => resolve))), []);
  const finish = (proven: boolean) => {
    answer?.(proven);
    setAnswer(undefined);
  };
  const { amr } = useStaff();
  const form = useForm({
    send: (values) =>
      gatewayStaffSignInProveAgain({ body: { password: values.exact('password'), code: values.text('code') } }),
    done: () => finish(true),
  });
  return (
    <Dialog
      width="narrow"
      title={t.stepUp.title}
      about={t.stepUp.text}
      isOpen={answer !== undefined}
      onOpenChange={(open) => !open && finish(false)}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField
            name="password"
            type="password"
            label={t.signIn.password}
            autoComplete="current-password"
            autoFocus
          />
          <TextField
            name="code"
            label={t.signIn.code}
            hint={t.signIn.codeHint}
            inputMode="numeric"
            autoComplete="one-time-code"
            mono
          />
          <ProveWithPasskey onProven={() => finish(true)} />
        </DialogBody>
        {amr.includes('sso') && (
          <DialogBody>
            <Button wide onPress={() => void proveElsewhere().catch(tellProblem)}>
              {t.stepUp.elsewhere}
            </Button>
          </DialogBody>
        )}
        <DialogActions>
          <Button onPress={() => finish(false)}>{kit.cancel}</Button>
          <SubmitButton form={form}>{kit.confirm}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** The browser leaves for the provider and comes back to this page, where what was to be done is asked for again. */
async function proveElsewhere(): Promise<void> {
  const { pathname, search } = window.location;
  const { data } = await gatewayStaffSignInBeginSso({ body: { returnTo: pathname + search, proveAgain: true } });
  window.location.assign(data.url);
}
