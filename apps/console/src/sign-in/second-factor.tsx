import {
  gatewayStaffSignInBeginTotp,
  gatewayStaffSignInCode,
  gatewayStaffSignInConfirmTotp,
  type GatewaySignInStep,
} from '@switchboard/api-client';
import {
  Button,
  Checkbox,
  CodeLine,
  Form,
  FormProblem,
  notify,
  ProblemLine,
  saveAs,
  Skeleton,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { renderSVG } from 'uqr';
import { SignInFrame } from './frame';
import { useSignInTexts } from './sign-in.texts';

interface StepProps {
  step: GatewaySignInStep;
  /** The session is in its cookie. */
  onDone: () => void;
  onAnew: () => void;
}

/** What comes after the password: a code of the app, or the app's set-up. */
export const SecondFactor = ({ step, onDone, onAnew }: StepProps) =>
  step.next === 'enrol' ? (
    <Enrolment ticket={step.ticket} onDone={onDone} />
  ) : (
    <CodeStep ticket={step.ticket} onDone={onDone} onAnew={onAnew} />
  );

function CodeStep({ ticket, onDone, onAnew }: { ticket: string; onDone: () => void; onAnew: () => void }) {
  const t = useSignInTexts();
  const [recovering, setRecovering] = useState(false);
  const form = useForm({
    send: async (values) => (await gatewayStaffSignInCode({ body: { ticket, code: values.text('code') } })).data,
    done: ({ recoveryCodesLeft }) => {
      if (recovering && recoveryCodesLeft < 4) notify({ tone: 'info', text: t.few(recoveryCodesLeft) });
      onDone();
    },
  });
  return (
    <SignInFrame
      title={recovering ? t.recoveryTitle : t.codeTitle}
      about={recovering ? t.recoveryAbout : t.codeAbout}
      foot={
        <>
          <Button look="quiet" size="small" onPress={() => setRecovering(!recovering)}>
            {recovering ? t.withApp : t.recovery}
          </Button>
          <Button look="quiet" size="small" onPress={onAnew}>
            {t.anew}
          </Button>
        </>
      }
    >
      <Form key={String(recovering)} form={form}>
        <FormProblem form={form} />
        {recovering ? (
          <TextField name="code" label={t.recoveryCode} mono autoFocus autoComplete="off" />
        ) : (
          <CodeField name="code" label={t.code} autoFocus onComplete={(field) => field.form?.requestSubmit()} />
        )}
        <SubmitButton form={form} wide size="large">
          {t.signIn}
        </SubmitButton>
      </Form>
    </SignInFrame>
  );
}

/** Six digits; the last one sends them. */
function CodeField({
  onComplete,
  ...field
}: {
  name: string;
  label: string;
  hint?: string;
  autoFocus?: boolean;
  onComplete?: (field: HTMLInputElement) => void;
}) {
  return (
    <TextField
      {...field}
      mono
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={6}
      onInput={(event) => {
        const input = event.target as HTMLInputElement;
        if (/^\d{6}$/.test(input.value)) onComplete?.(input);
      }}
    />
  );
}

function Enrolment({ ticket, onDone }: { ticket: string; onDone: () => void }) {
  const t = useSignInTexts();
  const begun = useQuery({
    queryKey: ['totp', ticket],
    queryFn: async () => (await gatewayStaffSignInBeginTotp({ body: { ticket } })).data,
    staleTime: Infinity,
  });
  const [codes, setCodes] = useState<readonly string[]>();
  const form = useForm({
    send: async (values) => {
      const body = { ticket: begun.data!.ticket, first: values.text('first'), second: values.text('second') };
      return (await gatewayStaffSignInConfirmTotp({ body })).data;
    },
    done: ({ recoveryCodes }) => setCodes(recoveryCodes),
  });
  if (codes) return <RecoveryCodesStep codes={codes} onDone={onDone} />;
  return (
    <SignInFrame title={t.enrolTitle} about={t.enrolAbout}>
      {begun.error ? (
        <ProblemLine error={begun.error} />
      ) : (
        <Form form={form}>
          <FormProblem form={form} />
          <div
            className="sign-in-qr"
            role="img"
            aria-label={t.qr}
            dangerouslySetInnerHTML={{ __html: begun.data ? renderSVG(begun.data.uri, { border: 0 }) : '' }}
          />
          <div className="ui-field">
            <span className="ui-label">{t.secret}</span>
            {begun.data ? <CodeLine text={grouped(begun.data.secret)} /> : <Skeleton />}
          </div>
          <CodeField
            name="first"
            label={t.first}
            autoFocus
            onComplete={(field) => field.form?.querySelector<HTMLInputElement>('[name="second"]')?.focus()}
          />
          <CodeField
            name="second"
            label={t.second}
            hint={t.secondHint}
            onComplete={(field) => field.form?.requestSubmit()}
          />
          <SubmitButton form={form} wide size="large" isDisabled={!begun.data}>
            {t.next}
          </SubmitButton>
        </Form>
      )}
    </SignInFrame>
  );
}

/** The codes that sign in without the app; shown this once. */
function RecoveryCodesStep({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const t = useSignInTexts();
  const [kept, setKept] = useState(false);
  return (
    <SignInFrame title={t.codesTitle} about={t.codesAbout}>
      <RecoveryCodes codes={codes} />
      <Checkbox isSelected={kept} onChange={setKept}>
        {t.kept}
      </Checkbox>
      <Button look="primary" size="large" wide isDisabled={!kept} onPress={onDone}>
        {t.finish}
      </Button>
    </SignInFrame>
  );
}

export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const t = useSignInTexts();
  const kit = useKitTexts();
  const text = codes.join('\n');
  return (
    <>
      <ul className="sign-in-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="ui-row">
        <Button
          size="small"
          onPress={() => void navigator.clipboard.writeText(text).then(() => notify({ text: kit.copied }))}
        >
          {t.copyAll}
        </Button>
        <Button
          size="small"
          onPress={() => saveAs('switchboard-recovery-codes.txt', new Blob([`${text}\n`], { type: 'text/plain' }))}
        >
          {t.download}
        </Button>
      </div>
    </>
  );
}

const grouped = (secret: string): string => secret.match(/.{1,4}/g)?.join(' ') ?? secret;
