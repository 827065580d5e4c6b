import {
  gatewayStaffSignInAcceptInvitation,
  gatewayStaffSignInReadInvitation,
  type GatewaySignInStep,
} from '@switchboard/api-client';
import {
  ButtonLink,
  Form,
  FormProblem,
  isProblem,
  ProblemState,
  SkeletonLines,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { enterConsole, sessionQuery } from '../session';
import { SignInFrame } from './frame';
import { SecondFactor } from './second-factor';
import { useSignInTexts } from './sign-in.texts';

/** The link of an invitation, also that of the first owner: what follows the # never reaches a server's log. */
export function WelcomePage() {
  const t = useSignInTexts();
  const kit = useKitTexts();
  const { hash } = useLocation();
  // It is gone from the address before this page is.
  const [token] = useState(hash);
  const [step, setStep] = useState<GatewaySignInStep>();
  const { data: session } = useQuery(sessionQuery);
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: async () => (await gatewayStaffSignInReadInvitation({ body: { token } })).data,
    retry: false,
    staleTime: Infinity,
  });
  const form = useForm({
    send: async (values) => {
      const body = {
        ...{ token, password: values.exact('password'), name: values.optional('name') },
        email: values.optional('email'),
      };
      return (await gatewayStaffSignInAcceptInvitation({ body })).data;
    },
    done: setStep,
  });
  if (step) return <SecondFactor step={step} onDone={() => enterConsole()} onAnew={() => setStep(undefined)} />;
  if (isProblem(invitation.error, 'gateway.invitation_expired')) {
    if (session?.staff) return <SignedInAlready />;
    return (
      <SignInFrame title={t.invitation.gone} about={t.invitation.goneText}>
        <ButtonLink href="/console/sign-in" wide size="large">
          {t.invitation.toSignIn}
        </ButtonLink>
      </SignInFrame>
    );
  }
  const { data } = invitation;
  return (
    <SignInFrame
      title={t.invitation.title}
      about={data && (data.email === null ? t.invitation.owner : t.invitation.about(data.email))}
    >
      {data ? (
        <Form form={form}>
          <FormProblem form={form} />
          {data.email === null && (
            <TextField name="email" type="email" label={t.email} autoComplete="username" isRequired autoFocus />
          )}
          <TextField
            name="name"
            label={t.invitation.name}
            hint={t.invitation.nameHint}
            autoComplete="name"
            defaultValue={data.name ?? ''}
            isRequired
          />
          <TextField
            name="password"
            type="password"
            label={t.invitation.password}
            hint={t.invitation.passwordHint}
            autoComplete="new-password"
            minLength={12}
            isRequired
          />
          <SubmitButton form={form} wide size="large">
            {t.next}
          </SubmitButton>
        </Form>
      ) : invitation.error ? (
        <ProblemState error={invitation.error} retry={() => void invitation.refetch()} />
      ) : (
        <SkeletonLines label={kit.loading} />
      )}
    </SignInFrame>
  );
}

/** Whoever loads the page anew that shows the recovery codes has come in with it, and sees no codes any more. */
function SignedInAlready() {
  const t = useSignInTexts().invitation;
  return (
    <SignInFrame title={t.done} about={t.doneText}>
      <ButtonLink href="/console/" look="primary" wide size="large">
        {t.toConsole}
      </ButtonLink>
      <ButtonLink href="/console/account" wide size="large">
        {t.toAccount}
      </ButtonLink>
    </SignInFrame>
  );
}
