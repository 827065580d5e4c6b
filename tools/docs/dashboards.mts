import { DASHBOARDS, type Dashboard, type Panel, type Variable } from './dashboards.list.mts';

const COLUMNS = 24;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Dashboards of Grafana, by file. What they show is in dashboards.list.mts; here is how Grafana wants it written. */
export const dashboardFiles = (): { path: string; text: string }[] =>
  DASHBOARDS.map((dashboard) => ({
    path: `deploy/grafana/dashboards/${dashboard.name}.json`,
    text: JSON.stringify(grafanaDashboard(dashboard)),
  }));

function grafanaDashboard({ name, title, about, variables = [], rows }: Dashboard): object {
  return {
    uid: `switchboard-${name}`,
    title,
    description: about,
    tags: ['switchboard'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    timezone: 'browser',
    time: { from: 'now-3h', to: 'now' },
    links: [
      {
        type: 'dashboards',
        title: 'Switchboard',
        tags: ['switchboard'],
        asDropdown: true,
        keepTime: true,
        includeVars: true,
      },
    ],
    annotations: {
      list: [
        {
          name: 'Alarms',
          enable: true,
          iconColor: 'red',
          datasource: DATASOURCE,
          expr: 'ALERTS{alertstate="firing"}',
          titleFormat: '{{alertname}}',
          textFormat: '{{service}} {{group}}',
        },
      ],
    },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        ...variables.map(grafanaVariable),
      ],
    },
    panels: placed(rows),
  };
}

function grafanaVariable({ name, label, values, single }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query: values, refId: name },
    refresh: 2,
    sort: 1,
    multi: !single,
    includeAll: !single,
    ...(single ? {} : { allValue: '.+', current: { text: 'All', value: '$__all' } }),
  };
}

/** One under the other: each row's title over its panels, as many side by side as they ask for. */
function placed(rows: Dashboard['rows']): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const [title, inRow] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: COLUMNS, x: 0, y: y++ },
    });
    const perLine = inRow.length % 3 === 0 || inRow.length > 4 ? 3 : Math.min(inRow.length, 4);
    const w = COLUMNS / perLine;
    inRow.forEach((panel, i) => {
      const gridPos = { h: HEIGHT, w, x: (i % perLine) * w, y: y + Math.floor(i / perLine) * HEIGHT };
      panels.push({ id: panels.length + 1, ...grafanaPanel(panel), gridPos });
    });
    y += Math.ceil(inRow.length / perLine) * HEIGHT;
  }
  return panels;
}

function grafanaPanel(panel: Panel): object {
  const { title, about, unit, kind = 'timeseries', queries, empty } = panel;
  const description = [about, empty && `Empty as long as ${empty}.`].filter(Boolean).join(' ');
  return {
    type: kind,
    title,
    ...(description && { description }),
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        ...(!panel.signed && { min: 0 }),
        ...(empty && { noValue: '–' }),
        ...(kind === 'timeseries' && { custom: drawing(panel) }),
        thresholds: { mode: 'absolute', steps: thresholds(panel) },
      },
      overrides: [],
    },
    options: kind === 'stat' ? STAT : CHART,
    targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

const STAT = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  colorMode: 'background',
  graphMode: 'none',
  textMode: 'value_and_name',
};
const CHART = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'multi', sort: 'desc' },
};

const drawing = ({ stacked, red }: Panel) => ({
  drawStyle: 'line',
  lineWidth: 1,
  fillOpacity: stacked ? 20 : 5,
  showPoints: 'never',
  spanNulls: false,
  stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
  ...(red && { thresholdsStyle: { mode: 'line' } }),
});

function thresholds({ red, kind }: Panel): { color: string; value: number | null }[] {
  if (!red) return [{ color: kind === 'stat' ? 'blue' : 'green', value: null }];
  const [from, to] = 'above' in red ? ['green', 'red'] : ['red', 'green'];
  return [
    { color: from, value: null },
    { color: to, value: 'above' in red ? red.above : red.below },
  ];
}
