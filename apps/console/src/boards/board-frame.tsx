import type { AnalyticsAbout } from '@switchboard/api-client';
import { Card, Empty, ProblemState, SkeletonLines, useFormats, useKitTexts } from '@switchboard/ui';
import { ChartNoAxesCombined } from 'lucide-react';
import type { ReactNode } from 'react';
import { KeptFrom } from '../period/kept-from';
import { useBoardTexts } from './boards.texts';

interface Answer<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** A board with its answer, or what became of asking for it; below it of which days and people it speaks. */
export function BoardFrame<Data extends { about: AnalyticsAbout }>({
  answer: { data, error, refetch },
  isPart,
  children,
}: {
  answer: Answer<Data>;
  /** Of a board whose days and people are said already. */
  isPart?: boolean;
  children: (data: Data) => ReactNode;
}) {
  const kit = useKitTexts();
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <Card>
        <SkeletonLines lines={8} label={kit.loading} />
      </Card>
    );
  }
  return (
    <>
      {children(data)}
      {!isPart && <About about={data.about} />}
    </>
  );
}

/** Instead of axes without a line. */
export function NothingYet() {
  const t = useBoardTexts();
  return (
    <Card flush>
      <Empty icon={<ChartNoAxesCombined />} title={t.nothing}>
        {t.nothingText}
      </Empty>
    </Card>
  );
}

function About({ about }: { about: AnalyticsAbout }) {
  const t = useBoardTexts();
  const formats = useFormats();
  return (
    <p className="board-about">
      <span>{`${t.zone}: ${about.zone}`}</span>
      {about.eventsUpTo && <span>{`${t.fresh}: ${formats.dateTime(about.eventsUpTo)}`}</span>}
      {about.people !== null && <span>{t.counted(formats.number(about.people))}</span>}
      {about.keptFrom && <KeptFrom day={about.keptFrom} />}
      {about.provisionalFrom && <span>{t.provisional(formats.day(about.provisionalFrom, 'UTC'))}</span>}
    </p>
  );
}

/** From which point on numbers may still change; `undefined` when none of them may. */
export function provisionalFrom(days: readonly { day: string }[], { provisionalFrom: from }: AnalyticsAbout) {
  if (!from) return undefined;
  const at = days.findIndex(({ day }) => day >= from);
  return at < 0 ? undefined : at;
}
