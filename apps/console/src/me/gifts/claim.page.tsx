import { paymentsGuestOrdersClaim } from '@switchboard/api-client';
import { ButtonLink, Form, FormProblem, notify, SubmitButton, useForm } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { refresh } from '../../http/api';
import { PageFailed } from '../../page-failed';
import { sessionQuery } from '../../session';
import { SignInFrame } from '../../sign-in/frame';
import { useCodeOfAddress } from './code-in-address';
import { useGiftsTexts } from './gifts.texts';

/** Where the letter about a purchase without an account leads: whoever is signed in takes it over. */
export function ClaimPage() {
  const t = useGiftsTexts().claim;
  const [token, forget] = useCodeOfAddress('switchboard.claim');
  const navigate = useNavigate();
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const form = useForm({
    send: async (_, key) =>
      (await paymentsGuestOrdersClaim({ body: { token: token! }, headers: { 'Idempotency-Key': key } })).data,
    done: ({ botId }) => {
      forget();
      notify({ text: t.done });
      void refresh('payments').then(() => navigate({ to: '/me/subscriptions', search: { bot: botId } }));
    },
  });
  if (error && !session) return <PageFailed error={error} reset={() => void refetch()} />;
  if (!session) return null;
  if (token === undefined) return <SignInFrame title={t.missing} about={t.missingText} children={null} />;
  if (!session.person) {
    return (
      <SignInFrame title={t.title} about={t.signInText}>
        <ButtonLink href="/me/sign-in?to=/me/claim" look="primary" wide size="large">
          {t.signIn}
        </ButtonLink>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={t.title} about={t.text}>
      <Form form={form}>
        <FormProblem form={form} />
        <SubmitButton form={form} wide size="large">
          {t.claim}
        </SubmitButton>
      </Form>
    </SignInFrame>
  );
}
