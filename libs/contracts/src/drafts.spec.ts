import type { Schema } from '../test/breaking-changes';
import { outboundFileProblems } from './bot-adapter.outbound-files.problems';
import { templateProblems } from './bot-adapter.templates.problems';
import { widgetProblems } from './bot-adapter.widget.problems';
import { joinProblems } from './gateway.joins.problems';
import * as contracts from './index';
import {
  type EventDefinition,
  events,
  openApi,
  problemTexts,
  publishedSchema,
  type RouteDefinition,
  routes,
  serviceOf,
  signals,
  type SignalDefinition,
} from './index';
import type { ProblemText } from './problem-text';

// What no service answers or says yet is held to the same rules as what stands in routes.ts and catalog.ts.

const exported = Object.values(contracts) as unknown[];
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const draftedRoutes = exported.filter(
  (value): value is RouteDefinition =>
    isObject(value) && 'method' in value && 'path' in value && !routes.includes(value as RouteDefinition),
);
const draftedEvents = exported.filter(
  (value): value is EventDefinition =>
    typeof value === 'function' && 'subjectField' in value && !events.includes(value as unknown as EventDefinition),
);
const draftedSignals = exported.filter(
  (value): value is SignalDefinition =>
    isObject(value) && 'schema' in value && 'personal' in value && !signals.includes(value as SignalDefinition),
);
const texts: Record<string, ProblemText> = {
  ...outboundFileProblems,
  ...templateProblems,
  ...widgetProblems,
  ...joinProblems,
};
const all = [...routes, ...draftedRoutes];
const problemsOf = (some: readonly RouteDefinition[]) =>
  some.flatMap((route) => Object.entries(route.problems ?? {}).map(([code, status]) => ({ route, code, status })));

describe('drafted routes', () => {
  it('have each id once, and each method and path of a service', () => {
    const ids = all.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const places = all.map((route) => `${serviceOf(route)} ${route.method} ${route.path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(places.filter((place, i) => places.indexOf(place) !== i)).toEqual([]);
  });

  it('say in a sentence what they do', () => {
    expect(draftedRoutes.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary)).map(({ id }) => id)).toEqual([]);
  });

  it('name problems of their own service, with one status each', () => {
    const foreign = problemsOf(draftedRoutes).filter(({ route, code }) => !code.startsWith(`${serviceOf(route)}.`));
    expect(foreign.map(({ code }) => code)).toEqual([]);
    const byCode = Map.groupBy(problemsOf(all), ({ code }) => code);
    const differing = [...byCode].filter(([, those]) => new Set(those.map(({ status }) => status)).size > 1);
    expect(differing.map(([code]) => code)).toEqual([]);
  });

  it('have a text for each problem, in both languages, and none that nobody needs', () => {
    const named = new Set([...problemsOf(all).map(({ code }) => code)]);
    const known = { ...problemTexts, ...texts };
    expect([...named].filter((code) => !(code in known) && !code.endsWith('_not_found'))).toEqual([]);
    expect(Object.keys(texts).filter((code) => !named.has(code))).toEqual([]);
    const told = Object.values(texts).flatMap(({ en, ru, todo }) => [{ en, ru }, ...(todo ? [todo] : [])]);
    const cyrillic = /[а-яё]/i;
    expect(told.filter(({ en, ru }) => cyrillic.test(en) || !cyrillic.test(ru) || !en.endsWith('.'))).toEqual([]);
  });

  it('can be described', () => {
    for (const service of new Set(draftedRoutes.map(serviceOf))) {
      const own = draftedRoutes.filter((route) => serviceOf(route) === service);
      const { paths } = openApi(service, own);
      expect(Object.keys(paths)).toHaveLength(new Set(own.map(({ path }) => path)).size);
    }
  });
});

describe('drafted events and signals', () => {
  const drafted = [...draftedEvents, ...draftedSignals];

  it('have each name once, and say in a sentence what they mean', () => {
    const names = [...events, ...signals, ...drafted].map(({ type }) => type);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(drafted.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary)).map(({ type }) => type)).toEqual([]);
  });

  it('have no closed set of words, and let readers ignore what they do not know', () => {
    const closes = /"(enum|const)":|"additionalProperties":false/;
    const closed = drafted.filter((one) => closes.test(JSON.stringify(publishedSchema(one))));
    expect(closed.map(({ type }) => type)).toEqual([]);
  });

  it('are ordered by a field that is always there', () => {
    const required = (one: EventDefinition) => (publishedSchema(one) as Schema).required ?? [];
    const unordered = draftedEvents.filter((one) => !required(one).includes(one.subjectField));
    expect(unordered.map(({ type }) => type)).toEqual([]);
  });
});
