import {
  BarList,
  Card,
  CohortGrid,
  Funnel,
  Grid,
  LineChart,
  Page,
  StackedBars,
  Stat,
  useFormats,
  useKitTexts,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

const DAYS = 28;
const wave = (i: number, size: number, phase: number) =>
  Math.round(size * (1 + 0.35 * Math.sin(i / 3 + phase) + 0.12 * Math.sin(i * 1.7 + phase) + i / 60));
const at = Array.from({ length: DAYS }, (_, i) => new Date(Date.UTC(2026, 9, 31 + i, 12)));

export function Charts() {
  const t = useGalleryTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const labels = at.map((day) => formats.day(day));
  const titles = at.map((day) => formats.date(day));
  const people = at.map((_, i) => wave(i, 1240, 0));
  return (
    <Page title={t.sections.charts} about={t.about}>
      <Grid min={160}>
        <Stat
          label={t.people}
          value={formats.compact(12_840)}
          change={0.124}
          better="more"
          about={t.days}
          trend={people}
        />
        <Stat
          label={t.messages}
          value={formats.compact(284_120)}
          change={-0.031}
          better="more"
          trend={at.map((_, i) => wave(i, 900, 2))}
        />
        <Stat label={t.failed} value={formats.percent(0.0121)} change={-0.18} better="less" href="#table" />
        <Stat label={t.cost} value={undefined} />
      </Grid>
      <Card title={t.people} about={t.hint}>
        <LineChart
          label={t.people}
          labels={labels}
          titles={titles}
          series={[{ id: 'people', name: t.people, values: people }]}
          format={formats.compact}
          formatExact={formats.number}
          provisionalFrom={DAYS - 2}
        />
      </Card>
      <Grid min={380}>
        <Card title={t.messages}>
          <StackedBars
            label={t.messages}
            labels={labels}
            titles={titles}
            series={[
              { id: 'answers', name: t.answers, values: at.map((_, i) => wave(i, 700, 1)) },
              { id: 'messages', name: t.messages, values: at.map((_, i) => wave(i, 300, 2)) },
              { id: 'failed', name: t.failed, values: at.map((_, i) => wave(i, 90, 3)), color: 4 },
            ]}
            format={formats.compact}
            formatExact={formats.number}
          />
        </Card>
        <Card title={t.answers}>
          <LineChart
            label={t.answers}
            labels={labels}
            titles={titles}
            series={[
              { id: 'a', name: 'gpt-5-mini', values: at.map((_, i) => wave(i, 420, 0)) },
              { id: 'b', name: 'gpt-5', values: at.map((_, i) => (i > 9 && i < 14 ? null : wave(i, 240, 2))) },
              { id: 'c', name: 'local', values: at.map((_, i) => wave(i, 60, 4)), color: 5 },
            ]}
            format={formats.compact}
            formatExact={formats.number}
          />
        </Card>
        <Card title={t.cost}>
          <BarList
            label={t.cost}
            shares
            format={formats.cost}
            rows={[
              { id: 'lumen', label: 'Lumen', value: 24_310_000, about: 'gpt-5', href: '#table' },
              { id: 'northwind', label: 'Northwind', value: 11_200_000, about: 'gpt-5-mini' },
              { id: 'tutor', label: 'Tutor', value: 2_840_000 },
              { id: 'atlas', label: 'Atlas', value: 4_200 },
            ]}
          />
        </Card>
        <Card title={t.net}>
          <StackedBars
            label={t.net}
            labels={labels}
            titles={titles}
            series={[
              { id: 'a', name: 'EUR', values: at.map((_, i) => wave(i, 300, 1) - 330) },
              { id: 'b', name: 'RUB', values: at.map((_, i) => wave(i, 200, 3) - 260), color: 2 },
            ]}
            format={formats.compact}
            formatExact={formats.number}
          />
        </Card>
        <Card title={t.few}>
          <LineChart
            label={t.few}
            labels={labels}
            titles={titles}
            series={[{ id: 'few', name: t.people, values: at.map((_, i) => i % 3) }]}
            format={formats.number}
          />
        </Card>
        <Card title="Funnel">
          <Funnel
            label="Funnel"
            steps={[
              { id: 'a', label: t.people, count: 4210 },
              { id: 'b', label: t.messages, count: 2984, about: formats.duration(42_000) },
              { id: 'c', label: t.answers, count: 2410, about: formats.duration(8_200) },
              { id: 'd', label: t.cost, count: 312, about: formats.duration(86_400_000 * 2) },
            ]}
          />
        </Card>
      </Grid>
      <Card title={kit.chart.cohort}>
        <CohortGrid
          label={kit.chart.cohort}
          periods={[1, 2, 3, 7, 14, 30].map((n) => t.day(n))}
          averages={[0.42, 0.33, 0.29, 0.21, 0.16, 0.11]}
          cohorts={Array.from({ length: 8 }, (_, i) => ({
            id: String(i),
            label: formats.day(at[i * 3]!),
            size: i === 6 ? null : 900 - i * 70,
            cells: [0.44, 0.35, 0.3, 0.22, 0.17, 0.12].map((value, j) => ({
              value: i + j > 10 ? null : value * (1 - i / 40 + j / 90),
              immature: i + j > 8,
            })),
          }))}
        />
      </Card>
      <Card title={kit.chart.noData}>
        <LineChart label={t.people} labels={[]} series={[]} format={formats.number} height={140} />
      </Card>
    </Page>
  );
}
