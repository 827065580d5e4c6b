import { gatewayStaffSignInPassword, type GatewaySignInStep } from '@switchboard/api-client';
import { Form, FormProblem, SubmitButton, TextField, useForm } from '@switchboard/ui';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { sessionKey } from '../api';
import { SignInFrame } from './frame';
import { SecondFactor } from './second-factor';
import { useSignInTexts } from './sign-in.texts';

export function StaffSignInPage() {
  const t = useSignInTexts();
  const { to } = useSearch({ from: '/console/sign-in' });
  const { navigate } = useRouter();
  const queries = useQueryClient();
  const [step, setStep] = useState<GatewaySignInStep>();
  const form = useForm({
    send: async (values) => {
      const body = { email: values.text('email'), password: values.exact('password') };
      return (await gatewayStaffSignInPassword({ body })).data;
    },
    done: setStep,
  });
  const enter = async () => {
    await queries.resetQueries({ queryKey: sessionKey });
    await navigate({ href: to?.startsWith('/console/') ? to : '/console/', replace: true });
  };
  if (step) return <SecondFactor step={step} onDone={() => void enter()} onAnew={() => setStep(undefined)} />;
  return (
    <SignInFrame title={t.title} about={t.about}>
      <Form form={form}>
        <FormProblem form={form} />
        <TextField name="email" type="email" label={t.email} autoComplete="username" autoFocus isRequired />
        <TextField name="password" type="password" label={t.password} autoComplete="current-password" isRequired />
        <SubmitButton form={form} wide size="large">
          {t.next}
        </SubmitButton>
      </Form>
    </SignInFrame>
  );
}
