import { analyticsBoardsReadFunnelOptions } from '@switchboard/api-client';
import { Button, Card, ComboBox, Filters, Funnel, IconButton, Select, useFormats, wordOf } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Plus, X } from 'lucide-react';
import { oneOf, useSetSearch } from '../search';
import { BoardFrame } from './board-frame';
import { type BoardQuery, MOST_STEPS, stepsOf, USUAL_STEPS } from './board-query';
import { useBoardTexts } from './boards.texts';

const orders = ['sequential', 'strict', 'any'] as const;
const windows = ['60', '1440', '10080', '43200'] as const;

export function FunnelBoard({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const search = useSearch({ from: '/console/boards' });
  const set = useSetSearch();
  const steps = stepsOf(search.steps);
  const order = oneOf(orders, search.order) ?? 'sequential';
  const windowMinutes = oneOf(windows, search.window) ?? '10080';
  const answer = useQuery({
    ...analyticsBoardsReadFunnelOptions({
      query: { ...query, steps: steps.join(','), order, windowMinutes: Number(windowMinutes) },
    }),
    placeholderData: keepPreviousData,
  });
  const change = (next: readonly string[]) => set({ steps: next.join(',') });
  // Other events than those named here can be typed into the address.
  const eventNames = Object.keys(t.events);
  const titleOf = (event: string) => wordOf(t.events, event);
  const choices = [...new Set([...eventNames, ...steps])].map((id) => ({ id, label: titleOf(id), about: id }));
  return (
    <>
      <Card title={t.funnel.steps} about={t.funnel.stepsHint}>
        <div className="funnel-steps">
          {steps.map((step, i) => (
            <span key={i} className="funnel-step">
              <ComboBox
                label={t.funnel.step(i + 1)}
                value={step}
                choices={choices}
                onChange={(id) => change(steps.map((old, index) => (index === i ? id : old)))}
              />
              {steps.length > 2 && (
                <IconButton
                  label={`${t.funnel.removeStep}: ${t.funnel.step(i + 1)}`}
                  icon={<X />}
                  onPress={() => change(steps.filter((_, index) => index !== i))}
                />
              )}
            </span>
          ))}
          {steps.length < MOST_STEPS && (
            <Button
              icon={<Plus />}
              onPress={() => change([...steps, eventNames.find((name) => !steps.includes(name)) ?? USUAL_STEPS[0]!])}
            >
              {t.funnel.addStep}
            </Button>
          )}
        </div>
        <Filters alwaysOpen>
          <Select
            label={t.funnel.order}
            value={order}
            onChange={(id) => set({ order: id })}
            choices={orders.map((id) => ({ id, label: t.funnel.orders[id] }))}
          />
          <Select
            label={t.funnel.window}
            value={windowMinutes}
            onChange={(id) => set({ window: id })}
            choices={windows.map((id) => ({ id, label: t.funnel.windows[id] }))}
          />
        </Filters>
      </Card>
      <BoardFrame answer={answer}>
        {({ steps: counted, excluded, incomplete }) => (
          <Card title={t.boards.funnel}>
            {counted.length === 0 || counted[0]?.count === null || counted[0]?.count === 0 ? (
              <p className="ui-list-none">{counted[0]?.count === null ? t.hidden : t.funnel.none}</p>
            ) : (
              <Funnel
                label={t.boards.funnel}
                hidden={t.hidden}
                steps={counted.map(({ event, count, medianSeconds }, i) => ({
                  id: String(i),
                  label: titleOf(event),
                  count,
                  about: medianSeconds === null ? undefined : t.funnel.median(formats.duration(medianSeconds * 1000)),
                }))}
              />
            )}
            {Boolean(excluded) && <p className="soft">{t.funnel.excluded(formats.number(excluded ?? 0))}</p>}
            {Boolean(incomplete) && <p className="soft">{t.funnel.incomplete(formats.number(incomplete ?? 0))}</p>}
          </Card>
        )}
      </BoardFrame>
    </>
  );
}
