import {
  type BotAdapterBroadcast,
  type BotAdapterBroadcastResults,
  botAdapterBroadcastsDiscard,
  botAdapterBroadcastsPause,
  botAdapterBroadcastsReadOptions,
  botAdapterBroadcastsResume,
  botAdapterBroadcastsStop,
  botAdapterBroadcastsUnschedule,
} from '@switchboard/api-client';
import {
  Button,
  Card,
  Columns,
  Facts,
  Grid,
  Moment,
  notify,
  Page,
  SkeletonLines,
  Stack,
  Stat,
  useConfirm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { CircleStop, Pause, Pencil, Play, Send, Trash2, Undo2 } from 'lucide-react';
import { Suspense, useState } from 'react';
import { BotName } from '../bots/bot-parts';
import { refresh, tellProblem } from '../http/api';
import { KeptRow } from '../kept-row/kept-row';
import { lazyPart } from '../lazy-part';
import { PendingPage } from '../pending-page';
import { useStaff } from '../session';
import { BroadcastState } from './broadcasts.page';
import { useBroadcastTexts } from './broadcasts.texts';
import './broadcasts.css';

const BroadcastForm = lazyPart(() => import('./broadcast-form'), 'BroadcastForm');
const Previews = lazyPart(() => import('./broadcast-previews'), 'Previews');
const SendBroadcastDialog = lazyPart(() => import('./send-broadcast-dialog'), 'SendBroadcastDialog');

const RENEWED_EVERY_MS = 3000;

export function BroadcastPage() {
  const t = useBroadcastTexts();
  const { broadcastId } = useParams({ from: '/console/broadcasts/$broadcastId' });
  const { data, error, refetch } = useQuery({
    ...botAdapterBroadcastsReadOptions({ path: { broadcastId } }),
    // Until nobody waits any more; a draft is not to change under whoever reads it.
    refetchInterval: ({ state }) =>
      state.data && state.data.state !== 'draft' && isOpen(state.data) ? RENEWED_EVERY_MS : false,
  });
  if (data) return <KnownBroadcast broadcast={data} />;
  const way = [{ title: t.title, href: '/console/broadcasts' }];
  return <PendingPage title={t.broadcast} way={way} error={error} refetch={refetch} />;
}

const isOpen = ({ state, results }: BotAdapterBroadcast) =>
  ['scheduled', 'running', 'paused'].includes(state) || (results?.waiting ?? 0) > 0;

function KnownBroadcast({ broadcast }: { broadcast: BotAdapterBroadcast }) {
  const t = useBroadcastTexts();
  const kit = useKitTexts();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const staff = useStaff();
  const { id, title, state, botId } = broadcast;
  const [changing, setChanging] = useState(false);
  const [sending, setSending] = useState(false);
  const mayWrite = state === 'draft' && staff.can('broadcasts:write', botId);
  const maySend = staff.can('broadcasts:send', botId);
  const path = { broadcastId: id };
  const doNow = async (step: () => Promise<unknown>) => {
    await step().catch(tellProblem);
    await refresh('botAdapterBroadcasts');
  };
  const stop = async () => {
    const question = { title: t.stopTitle(title), text: t.stopText, action: t.stop, look: 'danger' as const };
    if ((await confirm(question)) !== undefined) await doNow(() => botAdapterBroadcastsStop({ path }));
  };
  const discard = async () => {
    const question = { title: t.discardTitle(title), text: t.discardText, action: t.discard, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    try {
      await botAdapterBroadcastsDiscard({ path });
      notify({ text: t.discarded });
      await navigate({ to: '/console/broadcasts' });
      await refresh('botAdapterBroadcastsList');
    } catch (error) {
      tellProblem(error);
    }
  };
  const way = [{ title: t.title, href: '/console/broadcasts' }];
  if (changing)
    return (
      <Page title={title} way={way}>
        <KeptRow latest={broadcast} readAnew={() => refresh('botAdapterBroadcasts')}>
          {(row, kept) => (
            <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
              <BroadcastForm before={row} kept={kept} onSaved={() => setChanging(false)} />
            </Suspense>
          )}
        </KeptRow>
      </Page>
    );
  return (
    <Page
      title={title}
      way={way}
      aside={<BroadcastState state={state} />}
      actions={
        <>
          {mayWrite && (
            <>
              <Button look="danger-quiet" icon={<Trash2 />} onPress={() => void discard()}>
                {t.discard}
              </Button>
              <Button icon={<Pencil />} onPress={() => setChanging(true)}>
                {t.change}
              </Button>
            </>
          )}
          {maySend && ['scheduled', 'running', 'paused'].includes(state) && (
            <Button look="danger-quiet" icon={<CircleStop />} onPress={() => void stop()}>
              {t.stop}
            </Button>
          )}
          {maySend && state === 'scheduled' && (
            <Button icon={<Undo2 />} onPress={() => void doNow(() => botAdapterBroadcastsUnschedule({ path }))}>
              {t.unschedule}
            </Button>
          )}
          {maySend && state === 'running' && (
            <Button icon={<Pause />} onPress={() => void doNow(() => botAdapterBroadcastsPause({ path }))}>
              {t.pause}
            </Button>
          )}
          {maySend && state === 'paused' && (
            <Button
              look="primary"
              icon={<Play />}
              onPress={() => void doNow(() => botAdapterBroadcastsResume({ path }))}
            >
              {t.resume}
            </Button>
          )}
          {maySend && state === 'draft' && (
            <Button look="primary" icon={<Send />} onPress={() => setSending(true)}>
              {t.send}
            </Button>
          )}
        </>
      }
    >
      <Columns
        main={
          <Stack>
            {broadcast.results && <Progress broadcast={broadcast} results={broadcast.results} />}
            <Suspense fallback={<SkeletonLines lines={4} label={kit.loading} />}>
              <Previews text={broadcast.text} labels={broadcast.buttons.map(({ label }) => label)} />
            </Suspense>
          </Stack>
        }
        side={<About broadcast={broadcast} />}
      />
      <Suspense fallback={null}>
        {sending && <SendBroadcastDialog broadcast={broadcast} onClose={() => setSending(false)} />}
      </Suspense>
    </Page>
  );
}

function Progress({ broadcast, results }: { broadcast: BotAdapterBroadcast; results: BotAdapterBroadcastResults }) {
  const t = useBroadcastTexts();
  const formats = useFormats();
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, n) => all + n, 0);
  const reasons = [results.failed, results.skipped].flatMap((counts) => Object.entries(counts));
  return (
    <Card title={t.progress}>
      <Stack>
        <Grid>
          <Stat label={t.total} value={formats.number(results.total)} />
          <Stat label={t.sent} value={formats.number(results.sent)} />
          <Stat label={t.waiting} value={formats.number(results.waiting)} />
          <Stat label={t.failed} value={formats.number(sum(results.failed))} />
          <Stat label={t.skipped} value={formats.number(sum(results.skipped))} />
        </Grid>
        {broadcast.isCut && <p>{t.isCut}</p>}
        {reasons.length > 0 && (
          <Facts facts={reasons.map(([reason, n]) => [wordOf(t.reasons, reason), formats.number(n)])} />
        )}
      </Stack>
    </Card>
  );
}

function About({ broadcast }: { broadcast: BotAdapterBroadcast }) {
  const t = useBroadcastTexts();
  const { botId, campaign, startAt, startedAt, endedAt } = broadcast;
  return (
    <Card>
      <Facts
        facts={[
          [t.bot, <BotName key="bot" botId={botId} />],
          ...(campaign ? [[t.campaign, <code key="campaign">{campaign}</code>] as const] : []),
          ...(startAt && !startedAt ? [[t.startAt, <Moment key="start" at={startAt} />] as const] : []),
          ...(startedAt ? [[t.startedAt, <Moment key="started" at={startedAt} />] as const] : []),
          ...(endedAt ? [[t.endedAt, <Moment key="ended" at={endedAt} />] as const] : []),
        ]}
      />
    </Card>
  );
}
