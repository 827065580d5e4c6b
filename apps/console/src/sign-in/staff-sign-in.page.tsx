import {
  gatewayStaffSignInBeginSso,
  gatewayStaffSignInMethods,
  gatewayStaffSignInPassword,
  type GatewaySignInStep,
} from '@switchboard/api-client';
import { Button, Form, FormProblem, SubmitButton, TextField, useForm } from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { enterConsole } from '../session';
import { SignInFrame } from './frame';
import { SecondFactor } from './second-factor';
import { useSignInTexts } from './sign-in.texts';

export function StaffSignInPage() {
  const t = useSignInTexts();
  const { to } = useSearch({ from: '/console/sign-in' });
  const [step, setStep] = useState<GatewaySignInStep>();
  const form = useForm({
    send: async (values) => {
      const body = { email: values.text('email'), password: values.exact('password') };
      return (await gatewayStaffSignInPassword({ body })).data;
    },
    done: setStep,
  });
  const methods = useQuery({
    queryKey: ['staff sign-in methods'],
    queryFn: async () => (await gatewayStaffSignInMethods()).data,
    staleTime: Infinity,
  });
  const begin = useMutation({
    mutationFn: async () => {
      const returnTo = to?.startsWith('/console/') ? to : '/console/';
      return (await gatewayStaffSignInBeginSso({ body: { returnTo, proveAgain: false } })).data;
    },
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const enter = () => enterConsole(to);
  if (step) return <SecondFactor step={step} onDone={enter} onAnew={() => setStep(undefined)} />;
  const sso = methods.data?.sso;
  return (
    <SignInFrame title={t.title} about={t.about}>
      {sso && (
        <>
          <Button look="primary" size="large" wide isPending={begin.isPending} onPress={() => begin.mutate()}>
            {t.sso.button(sso.name)}
          </Button>
          <div className="sign-in-or">{t.sso.or}</div>
        </>
      )}
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
