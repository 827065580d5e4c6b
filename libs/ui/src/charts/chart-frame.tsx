import { ChartLine, Table2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { IconButton } from '../button';
import { useKitTexts } from '../kit.texts';

interface ChartFrameProps {
  label: string;
  legend: readonly { name: string; color: string }[];
  /** Without it there is nothing to show as a table. */
  table?: { head: readonly string[]; rows: readonly (readonly string[])[] };
  children: ReactNode;
}

/** A chart with its legend, and the same numbers as a table. */
export function ChartFrame({ label, legend, table, children }: ChartFrameProps) {
  const t = useKitTexts();
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="ui-chart" aria-label={label}>
      <div className="ui-chart-head">
        <ul className="ui-legend">
          {legend.map(({ name, color }) => (
            <li key={name}>
              <i style={{ background: color }} />
              {name}
            </li>
          ))}
        </ul>
        {table && (
          <IconButton
            size="small"
            label={asTable ? t.chart.asChart : t.chart.asTable}
            icon={asTable ? <ChartLine /> : <Table2 />}
            onPress={() => setAsTable(!asTable)}
          />
        )}
      </div>
      {asTable && table ? (
        <div className="ui-chart-table" role="group" aria-label={label} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {table.head.map((name, i) => (
                  <th key={i} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map(([name, ...values], i) => (
                <tr key={i}>
                  <th scope="row">{name}</th>
                  {values.map((value, j) => (
                    <td key={j}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        children
      )}
    </figure>
  );
}
