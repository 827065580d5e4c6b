import { Pause, Pencil, Plus, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import {
  Ago,
  Avatar,
  Badge,
  Button,
  type Column,
  DataTable,
  Filters,
  Page,
  SearchField,
  Select,
  useFormats,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

interface Bot {
  id: string;
  name: string;
  state: 'active' | 'paused' | 'broken';
  seen: Date;
  messages: number;
  costMicros: number;
}

const names = [
  'Lumen',
  'Northwind',
  'Tutor',
  'Garden of Herbs and Further Plants',
  'Atlas',
  'Beacon',
  'Мастерская «Северный ветер»',
];
const states = ['active', 'active', 'paused', 'active', 'broken', 'active', 'active'] as const;
const rows: Bot[] = Array.from({ length: 24 }, (_, i) => ({
  id: `bot-${i}`,
  name: names[i % 7]!,
  state: states[(i * 3) % 7]!,
  seen: new Date(Date.now() - i * i * 5_400_000),
  messages: (i * 7919) % 24_000,
  costMicros: (i * 104_729 * 31) % 40_000_000,
}));

export function TableSection() {
  const t = useGalleryTexts();
  const formats = useFormats();
  const [sort, setSort] = useState('-seen');
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [waiting, setWaiting] = useState(false);
  const sorted = useMemo(() => {
    const field = sort.replace('-', '') as keyof Bot;
    const up = [...rows].sort((a, b) => (a[field] > b[field] ? 1 : -1));
    return sort.startsWith('-') ? up.reverse() : up;
  }, [sort]);
  const columns: Column<Bot>[] = [
    {
      id: 'name',
      title: t.name,
      sort: 'name',
      cell: ({ id, name }) => (
        <span style={{ display: 'inline-flex', gap: 10, alignItems: 'center' }}>
          <Avatar id={id} name={name} size={24} />
          {name}
        </span>
      ),
    },
    {
      id: 'state',
      title: t.state,
      width: '140px',
      phone: 'state',
      cell: ({ state }) => (
        <Badge dot tone={state === 'active' ? 'good' : state === 'paused' ? 'neutral' : 'bad'}>
          {t[state]}
        </Badge>
      ),
    },
    { id: 'seen', title: t.lastSeen, width: '150px', sort: 'seen', cell: ({ seen }) => <Ago at={seen} /> },
    {
      ...{ id: 'messages', title: t.messages, width: '130px', align: 'end', sort: 'messages', phone: 'never' },
      cell: ({ messages }) => formats.number(messages),
    },
    {
      ...{ id: 'cost', title: t.cost, width: '120px', align: 'end', sort: 'costMicros' },
      cell: ({ costMicros }) => formats.cost(costMicros),
    },
  ];
  return (
    <Page
      title={t.sections.table}
      about={t.about}
      actions={
        <Button look="primary" icon={<Plus />}>
          {t.create}
        </Button>
      }
    >
      <Filters search={<SearchField label={t.name} keys="/" />}>
        <Select label={t.state} hideLabel placeholder={t.state} choices={[{ id: 'active', label: t.active }]} />
      </Filters>
      <DataTable
        label={t.sections.table}
        columns={columns}
        rows={sorted}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        href={({ id }) => `#table?${id}`}
        waiting={waiting}
        sort={sort}
        onSort={setSort}
        toneOf={({ state }) => (state === 'broken' ? 'bad' : undefined)}
        selection={{
          ids,
          onChange: setIds,
          actions: (
            <Button size="small" icon={<Pause />}>
              {t.pause}
            </Button>
          ),
        }}
        actions={({ state }) => [
          {
            id: 'change',
            entries: [
              { id: 'edit', label: t.edit, icon: <Pencil />, keys: 'e' },
              ...(state === 'active' ? [{ id: 'pause', label: t.pause, icon: <Pause /> }] : []),
            ],
          },
          { id: 'end', entries: [{ id: 'delete', label: t.delete, icon: <Trash2 />, look: 'danger' }] },
        ]}
        paging={{ next: 'next', prev: null, onGo: () => setWaiting((old) => !old) }}
        fresh={{ count: 3, onShow: () => undefined }}
      />
    </Page>
  );
}
