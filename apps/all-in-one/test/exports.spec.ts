import { analyticsApp } from '@switchboard/analytics';
import { gatewayApp } from '@switchboard/gateway';
import { startApp, type TestApp, until } from '@switchboard/testing';
import readExcelFile from 'read-excel-file/node';
import { v7 as uuidv7 } from 'uuid';
import { happened } from '../../analytics/test/deeds';
import { type SignedIn, signInStaff } from '../../gateway/test/sign-in';

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly link: string | null;
}

describe('an export through the public address', () => {
  let analytics: TestApp;
  let gateway: TestApp;
  let analyst: SignedIn;

  beforeAll(async () => {
    analytics = await startApp(analyticsApp);
    gateway = await startApp(gatewayApp, {
      keys: analytics.keys,
      env: { GATEWAY_PUBLIC_PORT: '0' },
      directory: new Map([['analytics', analytics.url]]),
    });
    analyst = await signInStaff(gateway, 'analyst');
    await happened(
      analytics,
      Array.from({ length: 25 }, (_, who) => ({ who, at: '2026-03-01T10:00:00Z', bot: who < 5 ? 'small' : 'busy' })),
    );
  });
  afterAll(async () => {
    await gateway?.stop();
    await analytics?.stop();
  });

  const open = (path: string, init: RequestInit = {}) => fetch(gateway.service.publicUrl + path, init);
  const asked = async (format: string, of: object): Promise<string> => {
    const headers = { ...analyst.headers, 'content-type': 'application/json', 'idempotency-key': uuidv7() };
    const body = JSON.stringify({ of, format });
    const response = await open('/v1/analytics/exports', { method: 'POST', headers, body });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as Answer;
    const read = async () =>
      (await (await open(`/v1/analytics/exports/${id}`, { headers: analyst.headers })).json()) as Answer;
    return until(async () => (await read()).link, { what: 'the link' });
  };
  const MARCH = { from: '2026-03-01', to: '2026-03-02' };

  it('is read by its link alone, as a file', async () => {
    const link = await asked('csv', { report: 'activity', query: MARCH });
    expect(link).toMatch(/^\/v1\/analytics\/exports\//);
    const response = await open(link);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="?[\w.-]+\.csv/);
    const [header, ...rows] = (await response.text()).trim().split('\r\n');
    expect(header!.split(',').length).toBeGreaterThan(3);
    expect(rows.length).toBeGreaterThan(0);
    const another = link.replace(/token=.{8}/, 'token=AAAAAAAA');
    expect((await open(another)).status).toBe(404);
  });

  it('is a workbook that opens, with numbers as numbers and groups that are too small left empty', async () => {
    const link = await asked('xlsx', { report: 'growth', query: { ...MARCH, botId: 'small' } });
    const sheets = await readExcelFile(Buffer.from(await (await open(link)).arrayBuffer()));
    const [, ...days] = sheets[0]!.data;
    // After the day: how many people were active on it.
    const dau = 1;
    expect(days[0]![dau]).toBeNull();
    const all = await asked('xlsx', { report: 'growth', query: MARCH });
    const [, ...everybody] = (await readExcelFile(Buffer.from(await (await open(all)).arrayBuffer())))[0]!.data;
    expect(everybody[0]![dau]).toBe(25);
  });

  it('is nothing for who may not export', async () => {
    const support = await signInStaff(gateway, 'support');
    const headers = { ...support.headers, 'content-type': 'application/json', 'idempotency-key': uuidv7() };
    const body = JSON.stringify({ of: { report: 'activity', query: MARCH }, format: 'csv' });
    expect((await open('/v1/analytics/exports', { method: 'POST', headers, body })).status).toBe(403);
  });
});
