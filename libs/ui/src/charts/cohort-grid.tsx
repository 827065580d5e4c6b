import { useFormats } from '../format';
import { useKitTexts } from '../kit.texts';
import './charts.css';

interface CohortCell {
  /** 0 to 1; null of a period that has ended where too few were there to be shown. */
  value: number | null;
  /** Its period has not ended: shown hatched, and in no average. */
  immature?: boolean;
}
interface Cohort {
  id: string;
  label: string;
  /** Null for groups that are too small to be shown. */
  size: number | null;
  cells: readonly CohortCell[];
}

/** Who came when, and how many of them were there later. */
export function CohortGrid({
  label,
  periods,
  cohorts,
  averages,
}: {
  label: string;
  periods: readonly string[];
  cohorts: readonly Cohort[];
  /** Over mature cells, weighted by size. */
  averages?: readonly (number | null)[];
}) {
  const t = useKitTexts();
  const formats = useFormats();
  return (
    <div className="ui-cohorts" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.chart.cohort}</th>
            <th scope="col">{t.chart.people}</th>
            {periods.map((period) => (
              <th key={period} scope="col">
                {period}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {averages && (
            <tr className="ui-cohort-average">
              <th scope="row">⌀</th>
              <td />
              {periods.map((period, i) => (
                <Cell key={period} cell={{ value: averages[i] ?? null, immature: typeof averages[i] !== 'number' }} />
              ))}
            </tr>
          )}
          {cohorts.map(({ id, label: name, size, cells }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td title={size === null ? t.chart.hidden : undefined}>
                {size === null ? '< 20' : formats.number(size)}
              </td>
              {periods.map((period, i) => (
                <Cell key={period} cell={cells[i] ?? { value: null, immature: true }} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ cell: { value, immature } }: { cell: CohortCell }) {
  const t = useKitTexts();
  const formats = useFormats();
  if (value === null) {
    return immature ? (
      <td className="ui-cohort-cell" data-unknown />
    ) : (
      <td className="ui-cohort-cell" data-unknown title={t.chart.hidden}>
        <span aria-hidden>·</span>
        <span className="visually-hidden">{t.chart.hidden}</span>
      </td>
    );
  }
  return (
    <td
      className="ui-cohort-cell"
      data-immature={immature || undefined}
      title={immature ? t.chart.immature : undefined}
      // Its colour stays so light (dark) that the text on it can be read at every value.
      style={{ ['--part' as string]: `${Math.round(Math.sqrt(value) * 100)}%` }}
    >
      {formats.percent(value, value < 0.1 ? 1 : 0)}
      {immature && <span className="visually-hidden">, {t.chart.immature}</span>}
    </td>
  );
}
