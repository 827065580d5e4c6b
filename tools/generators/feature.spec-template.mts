import type { Feature, Vocabulary } from './feature.templates.mts';
import { camel, words } from './names.mts';
import { routesOf } from './route.mts';

/** The spec of a feature: what holds of its resource, and what the next reader may copy from. */
export function specOf(feature: Feature, { refundId, aRefund, table, notFound, Request }: Vocabulary): string {
  const { service, plural, personal } = feature;
  const app = `${camel(service)}App`;
  const routes = routesOf(feature);
  const { List, Open, Read, Change, Remove } = routes;
  const imported = [...(personal ? ['type Actor'] : []), ...Object.values(routes), ...(Request ? [Request] : [])];
  const byName = (a: string, b: string) => a.replace('type ', '').localeCompare(b.replace('type ', ''), 'en');
  const person = personal ? 'userId: uuidv7(), ' : '';
  const byEvent = Request
    ? `
  it('one that an event asks for twice is opened once, when it was first asked for', async () => {
    const request = ${Request}({ ${refundId}: uuidv7(), ${person}title: TITLE });
    const openedAt = app.clock.now();
    await app.probe.say(request);
    app.clock.advance(60_000);
    await app.probe.say(request);
    const { ${refundId}: id, ...asked } = request.data;
    expect(await read(id)).toEqual({ id, ...asked, revision: 1, openedAt });
  });
`
    : '';
  const questions = personal
    ? `  const open = (userId = uuidv7(), actor?: Actor) => {
    const question = { body: { userId, title: TITLE }, idempotencyKey: uuidv7() };
    return app.gateway.call(${Open}, question, actor && { actor });
  };
  const read = (id: string, actor?: Actor) => {
    return app.gateway.call(${Read}, { params: { ${refundId}: id } }, actor && { actor });
  };
  const person = (id: string): Actor => ({ kind: 'person', id, roles: [], scopes: ['${plural}:*'] });`
    : `  const open = () => app.gateway.call(${Open}, { body: { title: TITLE }, idempotencyKey: uuidv7() });
  const read = (id: string) => app.gateway.call(${Read}, { params: { ${refundId}: id } });`;
  const ofPersons = `
  it('a person sees and opens what is theirs only', async () => {
    const [theirs, other] = [await open(), await open()];
    const actor = person(theirs.userId);
    expect((await app.gateway.call(${List}, {}, { actor })).data).toEqual([theirs]);
    await expect(read(other.id, actor)).rejects.toMatchObject(isMissing);
    await expect(open(other.userId, actor)).rejects.toMatchObject({ status: 403 });
    expect(await open(theirs.userId, actor)).toMatchObject({ userId: theirs.userId });
  });

  it('nothing is left of a person who was erased, and others stay', async () => {
    const [gone, stays] = [await open(), await open()];
    expect(await tablesWith(app, gone.userId)).toContain('${table}');
    expect(await erasePerson(app, gone.userId)).toEqual([]);
    expect(await read(stays.id)).toEqual(stays);
  });
`;
  return `import { ${imported.sort(byName).join(', ')} } from '@switchboard/contracts';
import { ${personal ? 'erasePerson, ' : ''}startApp, ${personal ? 'tablesWith, ' : ''}type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ${app} } from '../${service}.app';

const TITLE = 'A peculiar zebra';

describe('${words(plural)}', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(${app});
  });
  afterAll(() => app.stop());

${questions}
  const change = (id: string, title: string, revision: number) =>
    app.gateway.call(${Change}, { params: { ${refundId}: id }, body: { title }, ifMatch: \`"\${revision}"\` });
  const isMissing = { status: 404, problem: { code: '${notFound}' } };

  it('${aRefund} that was opened is there${personal ? ', with its words encrypted' : ''}', async () => {
    const opened = await open();
    expect(opened).toEqual({ ...opened, title: TITLE, revision: 1, openedAt: app.clock.now() });
    expect(await read(opened.id)).toEqual(opened);
    ${personal ? 'expect(await tablesWith(app, TITLE)).toEqual([]);' : ''}
  });
${byEvent}
  it('a list goes on where its last page ended, and back', async () => {
    ${personal ? 'const userId = uuidv7();' : ''}
    const opened = [${Array.from({ length: 3 }, () => `await open(${personal ? 'userId' : ''})`).join(', ')}];
    ${personal ? 'await open();' : ''}
    const list = (query: { limit?: number; after?: string } = {}) =>
      app.gateway.call(${List}, { query: ${personal ? '{ userId, ...query }' : 'query'} });
    const { data: all } = await list();
    expect(all.slice(-3)).toEqual(opened);
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, after: first.page.next! });
    expect([...first.data, ...second.data]).toEqual(all.slice(0, 4));
    expect((await list({ limit: 2, after: second.page.prev! })).data).toEqual(first.data);
  });

  it('who has not seen the last change may not change it', async () => {
    const { id } = await open();
    expect(await change(id, 'A plain horse', 1)).toMatchObject({ title: 'A plain horse', revision: 2 });
    await expect(change(id, 'A third animal', 1)).rejects.toMatchObject({ status: 412 });
    expect(await read(id)).toMatchObject({ title: 'A plain horse', revision: 2 });
  });

  it('one that was removed, or never was there, is not found', async () => {
    const { id } = await open();
    for (const _ of ['once', 'twice']) await app.gateway.call(${Remove}, { params: { ${refundId}: id } });
    await expect(read(id)).rejects.toMatchObject(isMissing);
    await expect(change(uuidv7(), TITLE, 1)).rejects.toMatchObject(isMissing);
  });
${personal ? ofPersons : ''}});
`;
}
