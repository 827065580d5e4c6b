import { paymentsLedgerListOptions } from '@switchboard/api-client';
import { Button, ButtonLink, DataTable, Empty, Filters, Row, Select, TextField, wordOf } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { BookOpenText } from 'lucide-react';
import { useState } from 'react';
import { useList } from '../list';
import { PersonFilter } from '../person-names/person-names';
import { useSetSearch } from '../search';
import { useEntryColumns } from './entry-table';
import { useLedgerTexts } from './ledger.texts';
import './ledger.css';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ofs = ['order', 'person'] as const;

/** What was booked for an order or a person. */
export function Entries() {
  const t = useLedgerTexts();
  const { order, person } = useSearch({ from: '/console/ledger' });
  if (order || person) return <EntriesOf key={order ?? person} order={order} person={person} />;
  return (
    <Empty icon={<BookOpenText />} title={t.ask} action={<Ask />}>
      {t.askText}
    </Empty>
  );
}

function Ask() {
  const t = useLedgerTexts();
  const set = useSetSearch();
  const [of, setOf] = useState<string>('order');
  const [id, setId] = useState('');
  const isId = UUID.test(id.trim());
  return (
    <form
      className="ledger-ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (isId) set({ [of]: id.trim() });
      }}
    >
      <Row>
        <Select
          label={t.of}
          hideLabel
          value={of}
          onChange={setOf}
          choices={ofs.map((one) => ({ id: one, label: t.ofs[one] }))}
        />
        <TextField label={t.id} hideLabel placeholder={t.id} value={id} onChange={setId} mono />
        <Button type="submit" isDisabled={!isId}>
          {t.show}
        </Button>
      </Row>
      {id.trim() !== '' && !isId && <p className="soft">{t.notAnId}</p>}
    </form>
  );
}

function EntriesOf({ order, person }: { order?: string; person?: string }) {
  const t = useLedgerTexts();
  const { after } = useSearch({ from: '/console/ledger' });
  const set = useSetSearch();
  const columns = useEntryColumns();
  const { list } = useList(
    paymentsLedgerListOptions({ query: { orderId: order, userId: order ? undefined : person, after, limit: 50 } }),
  );
  const anew = () => set({ order: undefined, person: undefined });
  return (
    <>
      <Filters alwaysOpen>
        {order ? (
          <>
            <ButtonLink href={`/console/orders/${order}`}>{t.toOrder}</ButtonLink>
            <Button onPress={anew}>{t.ask}</Button>
          </>
        ) : (
          person && <PersonFilter userId={person} onClear={anew} />
        )}
      </Filters>
      <DataTable
        label={t.tabs.entries}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ reason }) => wordOf(t.reasons, reason)}
        empty={<Empty icon={<BookOpenText />} title={t.noEntries} action={<Button onPress={anew}>{t.ask}</Button>} />}
      />
    </>
  );
}
