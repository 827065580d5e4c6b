import { Bot, Plus } from 'lucide-react';
import {
  Button,
  Card,
  type Column,
  DataTable,
  Empty,
  Grid,
  NoMatch,
  NoRight,
  Page,
  ProblemLine,
  ProblemState,
  Skeleton,
  SkeletonLines,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

const problem = {
  title: 'Service Unavailable',
  status: 503,
  code: 'upstream_unavailable',
  detail: 'The service analytics does not answer at the moment.',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  retryAfter: 10,
};

export function States() {
  const t = useGalleryTexts();
  const columns: Column<{ id: string }>[] = [
    { id: 'name', title: t.name, cell: ({ id }) => id },
    { id: 'state', title: t.state, cell: () => t.active, phone: 'state' },
    { id: 'cost', title: t.cost, cell: () => '$1', align: 'end' },
  ];
  return (
    <Page title={t.sections.states} about={t.about}>
      <Grid min={340}>
        <Card flush>
          <Empty
            icon={<Bot />}
            title={t.empty}
            action={
              <Button look="primary" icon={<Plus />}>
                {t.create}
              </Button>
            }
            example={
              <div style={{ display: 'grid', gap: 12 }}>
                {[60, 80, 45, 70, 55].map((width) => (
                  <Card key={width}>
                    <Skeleton width={`${width}%`} />
                  </Card>
                ))}
              </div>
            }
          >
            {t.emptyText}
          </Empty>
        </Card>
        <Card flush>
          <NoMatch onClear={() => undefined} />
        </Card>
        <Card flush>
          <NoRight>{t.emptyText}</NoRight>
        </Card>
        <Card flush>
          <ProblemState title={t.couldNotLoad} error={problem} retry={() => undefined} />
        </Card>
        <Card flush>
          <ProblemState error={new TypeError('fetch failed')} retry={() => undefined} />
        </Card>
        <Card>
          <ProblemLine error={problem} />
          <SkeletonLines lines={4} label={t.name} />
        </Card>
      </Grid>
      <DataTable
        label={t.sections.table}
        columns={columns}
        rows={undefined}
        idOf={({ id }) => id}
        nameOf={({ id }) => id}
      />
    </Page>
  );
}
