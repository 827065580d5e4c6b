import {
  type AnalyticsAlert,
  analyticsAlertsAcknowledge,
  analyticsAlertsLiftThrottle,
  analyticsAlertsListOptions,
  analyticsAlertsReadOptions,
  analyticsAlertsSnooze,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  BarList,
  Button,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Filters,
  MenuButton,
  Moment,
  NoMatch,
  notify,
  Select,
  Stack,
  type Tone,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { BellOff, Hand, ShieldCheck } from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { BotFilter } from '../bots/bot-parts';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useStaffNames } from '../staff-names/staff-names';
import { useAlertTexts } from './alerts.texts';
import { isUrgent } from './severities';

const OPEN = 'pending,firing';
const stateTones: Record<AnalyticsAlert['state'], Tone> = { pending: 'warn', firing: 'bad', resolved: 'neutral' };

export function AlertList() {
  const t = useAlertTexts();
  const { language } = useLanguage();
  const search = useSearch({ from: '/console/alerts' });
  const set = useSetSearch();
  const { list } = useList({
    ...analyticsAlertsListOptions({
      query: { state: search.all ? undefined : OPEN, botId: search.bot, after: search.after, limit: 50 },
    }),
    refetchInterval: 30_000,
  });
  const columns: Column<AnalyticsAlert>[] = [
    { id: 'what', title: t.what, cell: ({ title }) => title[language] },
    {
      ...{ id: 'state', title: t.state, width: '190px', phone: 'state' },
      cell: ({ state, severity }) => (
        <span className="ui-row">
          <Badge dot tone={stateTones[state]}>
            {t.states[state]}
          </Badge>
          {isUrgent(severity) && state !== 'resolved' && <Badge tone="bad">{t.urgent}</Badge>}
        </span>
      ),
    },
    { id: 'subject', title: t.subject, width: '190px', cell: ({ subject }) => <code>{subject}</code> },
    { id: 'since', title: t.since, width: '140px', cell: ({ since }) => <Ago at={since} /> },
  ];
  return (
    <>
      <Filters set={(search.bot ? 1 : 0) + (search.all ? 1 : 0)}>
        <Select
          label={t.state}
          hideLabel
          value={search.all ? 'all' : 'open'}
          onChange={(id) => set({ all: id === 'all' ? '1' : undefined })}
          choices={[
            { id: 'open', label: t.open },
            { id: 'all', label: t.all },
          ]}
        />
        <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
      </Filters>
      <DataTable
        label={t.tabs.alerts}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ title }) => title[language]}
        onOpen={({ id }) => set({ alert: id }, { keepsPage: true })}
        toneOf={({ state }) => (state === 'firing' ? 'bad' : state === 'pending' ? 'warn' : undefined)}
        empty={
          search.bot ? (
            <NoMatch onClear={() => set({ bot: undefined })} />
          ) : (
            <Empty icon={<ShieldCheck />} title={t.none}>
              {t.noneText}
            </Empty>
          )
        }
      />
      {search.alert && (
        <AlertDialog alertId={search.alert} onClose={() => set({ alert: undefined }, { keepsPage: true })} />
      )}
    </>
  );
}

function AlertDialog({ alertId, onClose }: { alertId: string; onClose: () => void }) {
  const t = useAlertTexts();
  const { language } = useLanguage();
  const mayWrite = useStaff().can('alerts:write');
  const path = { alertId };
  const answer = useQuery(analyticsAlertsReadOptions({ path }));
  const { data } = answer;
  const act = async (work: Promise<unknown>, text: string) => {
    await work.then(() => notify({ text })).catch(tellProblem);
    await refresh('analyticsAlerts');
  };
  const snooze = (hours: number) => {
    const until = new Date(Date.now() + hours * 3_600_000).toISOString();
    void act(analyticsAlertsSnooze({ path, body: { until } }), t.snoozed);
  };
  const isOver = data?.state === 'resolved';
  return (
    <Dialog
      look="side"
      title={data?.title[language] ?? t.tabs.alerts}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Loaded answer={answer} lines={6}>
          {(alert) => <AlertFacts alert={alert} />}
        </Loaded>
      </DialogBody>
      {data && mayWrite && !isOver && (
        <DialogActions>
          {data.throttledUntil && (
            <Button onPress={() => void act(analyticsAlertsLiftThrottle({ path }), t.lifted)}>{t.lift}</Button>
          )}
          <MenuButton
            label={t.snooze}
            groups={[
              {
                id: 'hours',
                title: t.snooze,
                entries: (['1', '4', '24'] as const).map((hours) => ({
                  ...{ id: hours, label: t.snoozeFor[hours] },
                  onAction: () => snooze(Number(hours)),
                })),
              },
            ]}
          >
            <Button icon={<BellOff />}>{t.snooze}</Button>
          </MenuButton>
          {!data.acknowledgedAt && (
            <Button
              look="primary"
              icon={<Hand />}
              onPress={() => void act(analyticsAlertsAcknowledge({ path }), t.acknowledged)}
            >
              {t.acknowledge}
            </Button>
          )}
        </DialogActions>
      )}
    </Dialog>
  );
}

function AlertFacts({ alert }: { alert: AnalyticsAlert }) {
  const t = useAlertTexts();
  const nameOf = useStaffNames();
  const formats = useFormats();
  const shown = (value: number) => (/micros/i.test(alert.measure) ? formats.cost(value) : formats.number(value));
  const contributors = [...alert.contributors].sort((a, b) => b.seen - b.expected - (a.seen - a.expected));
  return (
    <>
      <div className="alert-numbers">
        <div>
          <span>{t.seen}</span>
          <b>{shown(alert.seen)}</b>
        </div>
        <div>
          <span>{t.expected}</span>
          <b>{shown(alert.expected)}</b>
        </div>
      </div>
      <Facts
        facts={[
          [
            t.state,
            <Badge key="state" dot tone={stateTones[alert.state]}>
              {t.states[alert.state]}
            </Badge>,
          ],
          [t.subject, <code key="subject">{alert.subject}</code>],
          [t.since, <Moment key="since" at={alert.since} />],
          [t.over, alert.resolvedAt && <Moment key="over" at={alert.resolvedAt} />],
          [t.notified, alert.notifiedAt && <Moment key="told" at={alert.notifiedAt} />],
          [t.throttled, alert.throttledUntil && <Moment key="limit" at={alert.throttledUntil} />],
          [t.snooze, alert.snoozedUntil && <Moment key="snooze" at={alert.snoozedUntil} />],
          [t.acknowledge, alert.acknowledgedBy && t.by(nameOf(alert.acknowledgedBy))],
          [t.runbook, <code key="runbook">{alert.runbook}</code>],
        ]}
      />
      {contributors.length > 0 && (
        <Stack gap={8}>
          <h3>{t.contributors}</h3>
          <BarList
            label={t.contributors}
            format={shown}
            rows={contributors.map(({ name, seen, expected }) => ({
              ...{ id: name, label: name, value: seen },
              about: `${t.expected.toLocaleLowerCase()}: ${shown(expected)}`,
            }))}
          />
        </Stack>
      )}
    </>
  );
}
