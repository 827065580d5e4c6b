import { paymentsGiftsListMineOptions, type PaymentsMyGift } from '@switchboard/api-client';
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Columns,
  Empty,
  Form,
  ProblemState,
  SkeletonLines,
  SubmitButton,
  TextField,
  type Tone,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Gift as GiftIcon } from 'lucide-react';
import { useList } from '../../list';
import { ShareLink } from '../share-link';
import { useLocalized } from '../shop/shop.api';
import { BotPage } from '../shop/shop-page';
import { useGiftsTexts } from './gifts.texts';

/** Gifts that somebody has bought, and where a code that they were given is entered. */
export function GiftsPage() {
  const t = useGiftsTexts();
  return (
    <BotPage title={t.title} about={t.about}>
      {(botId) => <Columns main={<Bought botId={botId} />} side={<HaveOne />} />}
    </BotPage>
  );
}

function Bought({ botId }: { botId: string }) {
  const t = useGiftsTexts();
  const kit = useKitTexts();
  const { after } = useSearch({ from: '/me/gifts' });
  const { list } = useList(paymentsGiftsListMineOptions({ query: { botId, after } }));
  const buy = (
    <ButtonLink href={`/me/buy?what=gift&bot=${botId}`} look="primary" icon={<GiftIcon />}>
      {t.buy}
    </ButtonLink>
  );
  const { rows, error, onRetry, paging } = list;
  return (
    <Card title={t.bought} actions={rows && rows.length > 0 && buy} flush>
      {error && !rows ? <ProblemState error={error} retry={onRetry} /> : !rows && <SkeletonLines label={kit.loading} />}
      {rows?.length === 0 && (
        <Empty icon={<GiftIcon />} title={t.none} action={buy}>
          {t.noneText}
        </Empty>
      )}
      <ul className="me-list">
        {rows?.map((gift) => (
          <Gift key={gift.id} gift={gift} />
        ))}
      </ul>
      {paging && (paging.next ?? paging.prev) && (
        <div className="me-list-foot ui-row">
          {paging.prev && <Button onPress={() => paging.onGo(paging.prev!)}>{kit.table.newer}</Button>}
          {paging.next && <Button onPress={() => paging.onGo(paging.next!)}>{kit.table.older}</Button>}
        </div>
      )}
    </Card>
  );
}

const tones: Readonly<Record<PaymentsMyGift['state'], Tone>> = {
  waiting: 'accent',
  returned: 'warn',
  opened: 'good',
  credited: 'info',
  'taken-back': 'neutral',
};

function Gift({ gift: { title, state, code, url, expiresAt, openedAt } }: { gift: PaymentsMyGift }) {
  const t = useGiftsTexts();
  const formats = useFormats();
  const localized = useLocalized();
  const onTheWeb = code !== null && `${window.location.origin}/me/gift#${code}`;
  return (
    <li>
      <span className="me-channel" aria-hidden>
        <GiftIcon />
      </span>
      <div className="me-list-words">
        <span className="ui-row">
          <strong>{localized(title)}</strong>
          <Badge tone={tones[state]}>{t.states[state]}</Badge>
        </span>
        {openedAt && (
          <small>
            {t.openedAt} {formats.date(openedAt)}
          </small>
        )}
        {state === 'waiting' && (
          <>
            <small>{t.until(formats.date(expiresAt))}</small>
            {url && (
              <div role="group" aria-label={t.inTelegram}>
                <small>{t.inTelegram}</small>
                <ShareLink link={url} />
              </div>
            )}
            {onTheWeb && (
              <div role="group" aria-label={t.onTheWeb}>
                <small>{t.onTheWeb}</small>
                <ShareLink link={onTheWeb} />
              </div>
            )}
          </>
        )}
        {state === 'returned' && code !== null && (
          <>
            <small>{t.returnedText}</small>
            <div>
              <ButtonLink href={`/me/gift#${code}`}>{t.openIt}</ButtonLink>
            </div>
          </>
        )}
      </div>
    </li>
  );
}

function HaveOne() {
  const t = useGiftsTexts();
  const navigate = useNavigate();
  const form = useForm({
    // Whole links are pasted as well: `https://t.me/<bot>?start=gift_<code>`, `…/me/gift#<code>`.
    send: (values) =>
      Promise.resolve(
        values
          .text('code')
          .replace(/^.*[#=]/, '')
          .replace(/^gift_/, ''),
      ),
    done: (code) => void navigate({ to: '/me/gift', hash: code }),
  });
  return (
    <Card title={t.haveOne} about={t.haveOneText}>
      <Form form={form}>
        <TextField name="code" label={t.code} isRequired minLength={8} autoComplete="off" />
        <div>
          <SubmitButton form={form} look="plain">
            {t.look}
          </SubmitButton>
        </div>
      </Form>
    </Card>
  );
}
