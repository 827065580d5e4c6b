import { paymentsGiftsOpen, paymentsGiftsPreview } from '@switchboard/api-client';
import {
  Button,
  ButtonLink,
  FormProblem,
  notify,
  ProblemLine,
  SkeletonLines,
  SubmitButton,
  Form,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { refresh } from '../../http/api';
import { PageFailed } from '../../page-failed';
import { sessionQuery } from '../../session';
import { SignInFrame } from '../../sign-in/frame';
import { useLocalized, usePeriod } from '../shop/shop.api';
import { useCodeOfAddress } from './code-in-address';
import { useGiftsTexts } from './gifts.texts';

/** Where the link of a gift leads: it is seen, then opened by whoever is signed in. */
export function GiftPage() {
  const t = useGiftsTexts().open;
  const [code, forget] = useCodeOfAddress('switchboard.gift');
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (error && !session) return <PageFailed error={error} reset={() => void refetch()} />;
  if (!session) return null;
  if (code === undefined) {
    return (
      <SignInFrame title={t.missing} about={t.missingText}>
        <ButtonLink href="/me/gifts" wide size="large">
          {t.later}
        </ButtonLink>
      </SignInFrame>
    );
  }
  if (!session.person) {
    return (
      <SignInFrame title={t.title} about={t.signInText}>
        <ButtonLink href="/me/sign-in?to=/me/gift" look="primary" wide size="large">
          {t.signIn}
        </ButtonLink>
      </SignInFrame>
    );
  }
  return <Gift code={code} onDone={forget} />;
}

function Gift({ code, onDone }: { code: string; onDone: () => void }) {
  const t = useGiftsTexts().open;
  const kit = useKitTexts();
  const formats = useFormats();
  const localized = useLocalized();
  const period = usePeriod();
  const navigate = useNavigate();
  const { data: gift, error } = useQuery({
    queryKey: ['gift', code],
    queryFn: async ({ signal }) => (await paymentsGiftsPreview({ body: { code }, signal })).data,
  });
  const form = useForm({
    send: async (_, key) => (await paymentsGiftsOpen({ body: { code }, headers: { 'Idempotency-Key': key } })).data,
    done: ({ botId }) => {
      onDone();
      notify({ text: t.opened });
      void refresh('payments').then(() => navigate({ to: '/me/subscriptions', search: { bot: botId } }));
    },
  });
  return (
    <SignInFrame title={t.title} about={gift && t.about(localized(gift.title), period(gift.period))}>
      {error ? <ProblemLine error={error} /> : !gift && <SkeletonLines lines={2} label={kit.loading} />}
      {gift?.isOwn && <p className="note">{t.own}</p>}
      {gift && (
        <Form form={form}>
          <p className="soft">{t.until(formats.date(gift.expiresAt))}</p>
          <FormProblem form={form} />
          <SubmitButton form={form} look={gift.isOwn ? 'plain' : 'primary'} wide size="large">
            {t.open}
          </SubmitButton>
        </Form>
      )}
      <Button
        wide
        size="large"
        onPress={() => {
          onDone();
          void navigate({ to: '/me' });
        }}
      >
        {t.later}
      </Button>
    </SignInFrame>
  );
}
