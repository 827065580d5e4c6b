import {
  gatewayIdentityAttemptsBegin,
  gatewayIdentityEmailsSend,
  gatewaySignInAttemptsBegin,
  gatewaySignInEmailsSend,
} from '@switchboard/api-client';
import { Button, Form, FormProblem, SubmitButton, TextField, useForm, useLanguage } from '@switchboard/ui';
import { useMutation } from '@tanstack/react-query';
import { useChannelName } from '../channel-names/channel-names';
import { ChannelSign } from './channel';
import { useMeTexts } from './me.texts';

/** Whoever is not signed in signs in; whoever is adds the account to their own. */
type Purpose = 'sign-in' | 'link';

/** Leads to the account elsewhere, which sends the browser back to the page of signing in. */
export function ProviderButton({ channel, purpose, to }: { channel: string; purpose: Purpose; to: string }) {
  const t = useMeTexts();
  const name = useChannelName()(channel);
  const begin = useMutation({
    mutationFn: async () => {
      const body = { provider: channel, returnTo: to };
      const { data } = await (purpose === 'link'
        ? gatewayIdentityAttemptsBegin({ body })
        : gatewaySignInAttemptsBegin({ body }));
      window.location.assign(data.url);
      // Pending until the browser has left.
      await new Promise((left) => setTimeout(left, 10_000));
    },
  });
  return (
    <Button
      size={purpose === 'sign-in' ? 'large' : 'usual'}
      wide={purpose === 'sign-in'}
      icon={<ChannelSign channel={channel} />}
      isPending={begin.isPending}
      onPress={() => begin.mutate()}
    >
      {purpose === 'link' ? t.access.link(name) : t.signIn.with(name)}
    </Button>
  );
}

/** Asks for an address and sends a link there. @param onSent gets the address */
export function EmailForm({ purpose, to, onSent }: { purpose: Purpose; to: string; onSent: (email: string) => void }) {
  const t = useMeTexts().signIn;
  const { language } = useLanguage();
  const form = useForm({
    send: async (values) => {
      const email = values.text('email');
      const body = { email, locale: language, returnTo: to };
      await (purpose === 'link' ? gatewayIdentityEmailsSend({ body }) : gatewaySignInEmailsSend({ body }));
      return email;
    },
    done: onSent,
  });
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <TextField name="email" type="email" label={t.email} autoComplete="email" isRequired maxLength={320} />
      <SubmitButton form={form} look={purpose === 'link' ? 'primary' : 'plain'} wide size="large">
        {t.send}
      </SubmitButton>
    </Form>
  );
}
