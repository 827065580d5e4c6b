import { type DeadLetter, serviceKitDeadLettersListOptions } from '@switchboard/api-client';
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
  Moment,
  Row,
  useFormats,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, ChevronLeft, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useList } from '../list';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import type { Service } from '../services';
import { useFailureTexts } from './failures.texts';
import { useDecisions, type Which } from './dead-letter-decisions';

/** The dead letters of one kind, to be tried again or given up one by one. */
export function LettersOfGroup({
  service,
  consumer,
  type,
  reason,
}: {
  service: Service;
  consumer: string;
  type: string;
  reason: string;
}) {
  const t = useFailureTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const decide = useDecisions();
  const mayWrite = useStaff().can('dead-letters:write');
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState<DeadLetter>();
  const { after } = useSearch({ from: '/console/failures' });
  const { list } = useList(
    serviceKitDeadLettersListOptions({ path: { service }, query: { consumer, type, reason, after, limit: 50 } }),
  );
  const some = (chosen: readonly string[]): Which => ({ service, ids: [...chosen], count: chosen.length });
  const done = () => {
    setIds(new Set());
    setShown(undefined);
  };
  const columns: Column<DeadLetter>[] = [
    { id: 'subject', title: t.subject, cell: ({ subject }) => <code>{subject}</code> },
    { id: 'error', title: t.error, cell: ({ error: words }) => words },
    {
      ...{ id: 'attempts', title: t.attempts, width: '90px', align: 'end', phone: 'never' },
      cell: ({ attempts }) => formats.number(attempts),
    },
    { id: 'parked', title: t.parked, width: '140px', cell: ({ parkedAt }) => <Ago at={parkedAt} /> },
  ];
  return (
    <>
      <Row>
        <Button
          size="small"
          look="quiet"
          icon={<ChevronLeft />}
          onPress={() => set({ service: undefined, consumer: undefined, type: undefined, reason: undefined })}
        >
          {t.back}
        </Button>
        <code>{type}</code>
        <Badge>{`${service}.${consumer}`}</Badge>
        <Badge tone="bad">{reason}</Badge>
      </Row>
      <DataTable
        label={type}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ subject }) => subject}
        onOpen={setShown}
        empty={<Empty icon={<CheckCheck />} title={t.allFine} />}
        selection={
          mayWrite
            ? {
                ids,
                onChange: setIds,
                actions: (
                  <>
                    <Button
                      size="small"
                      icon={<RotateCcw />}
                      onPress={() => void decide.replay(some([...ids])).then((ok) => ok && done())}
                    >
                      {t.replay}
                    </Button>
                    <Button
                      size="small"
                      look="danger-quiet"
                      icon={<Trash2 />}
                      onPress={() => void decide.discard(some([...ids])).then((ok) => ok && done())}
                    >
                      {t.discard}
                    </Button>
                  </>
                ),
              }
            : undefined
        }
      />
      {shown && (
        <Dialog
          look="side"
          width="wide"
          title={shown.type}
          about={shown.error}
          isOpen
          onOpenChange={(open) => !open && setShown(undefined)}
        >
          <DialogBody>
            <Facts
              facts={[
                [t.consumer, `${service}.${shown.consumer}`],
                [t.reason, shown.reason],
                [t.subject, <CodeLine key="subject" text={shown.subject} />],
                [t.attempts, formats.number(shown.attempts)],
                [t.parked, <Moment key="parked" at={shown.parkedAt} />],
              ]}
            />
            <CodeBlock
              label={t.event}
              text={typeof shown.event === 'string' ? shown.event : JSON.stringify(shown.event, null, 2)}
              maxHeight={480}
            />
          </DialogBody>
          {mayWrite && (
            <DialogActions>
              <Button
                look="danger-quiet"
                icon={<Trash2 />}
                onPress={() => void decide.discard(some([shown.id])).then((ok) => ok && done())}
              >
                {t.discard}
              </Button>
              <Button
                look="primary"
                icon={<RotateCcw />}
                onPress={() => void decide.replay(some([shown.id])).then((ok) => ok && done())}
              >
                {t.replay}
              </Button>
            </DialogActions>
          )}
        </Dialog>
      )}
    </>
  );
}
