import {
  type GatewayAuditEntry,
  gatewayAuditEntriesListOptions,
  gatewayAuditEntriesProve,
  gatewayAuditExportsProve,
  gatewayAuditExportsRead,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  CodeBlock,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Filters,
  FilterSelect,
  MenuButton,
  Moment,
  NoMatch,
  saveAs,
  SearchField,
  type Tone,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Download, FileCheck2, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { tellProblem } from '../http/api';
import { daysOf, momentsOf } from '../period/days';
import { PeriodField } from '../period/period';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useList } from '../list';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { useActionName, useAuditTexts, useResourceName } from './audit.texts';

const results = ['done', 'denied', 'failed', 'unknown', 'begun'] as const;
const kinds = ['staff', 'key', 'person', 'service', 'anonymous'] as const;
const tones: Record<string, Tone> = { done: 'good', denied: 'warn', failed: 'bad', unknown: 'warn', begun: 'info' };
const CLOCKS_DIFFER_MS = 10_000;

export function AuditEntries() {
  const t = useAuditTexts();
  const nameOf = useActionName();
  const typeOf = useResourceName();
  const mayExport = useStaff().can('audit:export');
  const search = useSearch({ from: '/console/audit' });
  const set = useSetSearch();
  const [shown, setShown] = useState<GatewayAuditEntry>();
  const [action, setAction] = useState(search.action ?? '');
  const days = daysOf(search);
  const result = oneOf(results, search.result);
  const actorKind = oneOf(kinds, search.actor);
  const filter = { ...momentsOf(days), action: search.action, result, actorKind, actorId: search.actorId };
  const { list } = useList(gatewayAuditEntriesListOptions({ query: { ...filter, after: search.after, limit: 50 } }));
  const isFiltered = Boolean(search.action || result || actorKind || search.actorId);
  const clear = () => {
    setAction('');
    set({ action: undefined, result: undefined, actor: undefined, actorId: undefined });
  };
  const save = async (format: 'jsonl' | 'csv') => {
    // The period of an export has to be over, by the clock of the gateway as well.
    const to = new Date(Math.min(Date.parse(filter.to), Date.now() - CLOCKS_DIFFER_MS)).toISOString();
    try {
      const { data: entries } = await gatewayAuditExportsRead({ query: { ...filter, to, format }, parseAs: 'blob' });
      saveAs(`audit-${days.from}-${days.to}.${format}`, entries as Blob);
      const { data: proof } = await gatewayAuditExportsProve({ query: { ...filter, to }, parseAs: 'blob' });
      saveAs(`audit-${days.from}-${days.to}.proof.jsonl`, proof as Blob);
    } catch (problem) {
      tellProblem(problem);
    }
  };
  const columns: Column<GatewayAuditEntry>[] = [
    {
      id: 'action',
      title: t.action,
      cell: ({ action: name }) => <span title={`${nameOf(name)} (${name})`}>{nameOf(name)}</span>,
    },
    {
      ...{ id: 'result', title: t.result, width: '120px', phone: 'state' },
      cell: ({ result: outcome }) => <Result result={outcome} />,
    },
    {
      ...{ id: 'actor', title: t.actor, width: '210px' },
      cell: ({ actor }) => actor.label ?? `${wordOf(t.kinds, actor.kind)} ${short(actor.id)}`,
    },
    {
      ...{ id: 'resource', title: t.resource, width: '230px' },
      cell: ({ resource: { type, id, label } }) => (
        <span title={`${typeOf(type)} ${id}`}>{`${typeOf(type)} ${label ?? short(id)}`}</span>
      ),
    },
    {
      id: 'reason',
      title: t.reason,
      cell: ({ reason }) => reason && <span title={reason}>{reason}</span>,
      phone: 'never',
    },
    { id: 'at', title: t.when, width: '130px', cell: ({ at }) => <Ago at={at} /> },
  ];
  return (
    <>
      <Filters
        search={
          <SearchField
            label={t.actionHint}
            value={action}
            onChange={setAction}
            onClear={() => set({ action: undefined })}
            onSubmit={() => set({ action })}
          />
        }
        set={[result, actorKind, search.actorId].filter(Boolean).length}
        end={
          <>
            <SavedFilters />
            {mayExport && (
              <MenuButton
                label={t.export}
                placement="bottom end"
                groups={[
                  {
                    id: 'formats',
                    title: t.exportProof,
                    entries: (['jsonl', 'csv'] as const).map((id) => ({
                      ...{ id, label: t.formats[id] },
                      onAction: () => void save(id),
                    })),
                  },
                ]}
              >
                <Button icon={<Download />}>{t.export}</Button>
              </MenuButton>
            )}
          </>
        }
      >
        <PeriodField days={days} onChange={({ from, to }) => set({ from, to })} />
        <FilterSelect
          label={t.actor}
          any={t.anyActor}
          value={actorKind}
          onChange={(actor) => set({ actor })}
          choices={kinds.map((id) => ({ id, label: t.kinds[id] }))}
        />
        <FilterSelect
          label={t.result}
          any={t.anyResult}
          value={result}
          onChange={(result) => set({ result })}
          choices={results.map((id) => ({ id, label: t.results[id] }))}
        />
      </Filters>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        rows={list.rows && withoutEnded(list.rows)}
        idOf={({ id }) => id}
        nameOf={({ action: name }) => nameOf(name)}
        onOpen={setShown}
        toneOf={({ result: outcome }) => (outcome === 'denied' ? 'warn' : outcome === 'failed' ? 'bad' : undefined)}
        empty={
          isFiltered ? (
            <NoMatch onClear={clear} />
          ) : (
            <Empty icon={<ScrollText />} title={t.none}>
              {t.noneText}
            </Empty>
          )
        }
      />
      {shown && <EntryDialog entry={shown} mayProve={mayExport} onClose={() => setShown(undefined)} />}
    </>
  );
}

function Result({ result }: { result: string }) {
  const t = useAuditTexts();
  return (
    <Badge dot tone={tones[result] ?? 'neutral'}>
      {wordOf(t.results, result)}
    </Badge>
  );
}

function EntryDialog({
  entry,
  mayProve,
  onClose,
}: {
  entry: GatewayAuditEntry;
  mayProve: boolean;
  onClose: () => void;
}) {
  const t = useAuditTexts();
  const nameOf = useActionName();
  const typeOf = useResourceName();
  const { id, at, actor, onBehalfOf, action, resource, botId, changes, details, reason, requestId, approvalId } = entry;
  const prove = async () => {
    await gatewayAuditEntriesProve({ path: { entryId: id } })
      .then(({ data }) =>
        saveAs(`audit-${id}.proof.json`, new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })),
      )
      .catch(tellProblem);
  };
  return (
    <Dialog
      look="side"
      width="wide"
      title={nameOf(action)}
      about={reason}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Facts
          facts={[
            [t.entry, <code key="id">{id}</code>],
            [t.when, <Moment key="at" at={at} />],
            [t.action, <CodeLine key="action" text={action} />],
            [t.result, <Result key="result" result={entry.result} />],
            [
              t.actor,
              <span key="actor" className="ui-row">
                {actor.label ?? actor.id} <Badge>{wordOf(t.kinds, actor.kind)}</Badge>
              </span>,
            ],
            [t.roles, actor.roles?.join(', ')],
            [t.proven, actor.amr?.join(', ')],
            [t.client, actor.client],
            [t.onBehalf, onBehalfOf && `${onBehalfOf.kind} ${onBehalfOf.id}`],
            [t.resource, `${typeOf(resource.type)}${resource.label ? ` ${resource.label}` : ''}`],
            [t.resourceId, <CodeLine key="resource" text={`${resource.type} ${resource.id}`} />],
            [t.bot, botId],
            [t.reason, reason],
            [t.approval, approvalId],
            [t.request, requestId && <CodeLine key="request" text={requestId} />],
            [t.hash, <CodeLine key="hash" text={entry.hash} />],
          ]}
        />
        {changes && <CodeBlock label={t.changes} text={JSON.stringify(changes, null, 2)} />}
        {details && <CodeBlock label={t.details} text={JSON.stringify(details, null, 2)} />}
      </DialogBody>
      {mayProve && (
        <DialogActions>
          <Button icon={<FileCheck2 />} onPress={() => void prove()}>
            {t.proof}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

/** Of an act that has two entries, one as it began, the one that tells how it ended. */
function withoutEnded(entries: readonly GatewayAuditEntry[]): GatewayAuditEntry[] {
  const actOf = ({ requestId, action }: GatewayAuditEntry) => requestId && `${requestId} ${action}`;
  const ended = new Set(entries.filter(({ result }) => result !== 'begun').map(actOf));
  return entries.filter((entry) => entry.result !== 'begun' || !entry.requestId || !ended.has(actOf(entry)));
}

/** Ids of rows are long, and their ends tell them apart. */
const short = (id: string): string => (/^[0-9a-f-]{36}$/.test(id) ? `…${id.slice(-6)}` : id);
