import { randomUUID } from 'node:crypto';
import { SandboxClient } from '../client';
import { type Sandbox, startSandbox } from '../sandbox';

interface Answer {
  status: number;
  success?: boolean;
  msg?: string;
  obj?: never;
}

describe('3X-UI', () => {
  let sandbox: Sandbox;
  let client: SandboxClient;
  let made = 0;

  beforeAll(async () => {
    sandbox = await startSandbox();
    client = new SandboxClient(sandbox.url);
  });
  afterAll(() => sandbox.close());

  /** A server of its own, and a browser that keeps its cookies. */
  async function panel(version: string) {
    const { name, account } = await client.panels('three-x-ui').addServer({ name: `spec-${++made}`, version });
    const cookies = new Map<string, string>();
    let mark: string | undefined;
    const ask = async (path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> => {
      const answer = await fetch(`${account['url']}${path}`, {
        headers: {
          cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
          ...(mark && { 'x-csrf-token': mark }),
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, key, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
        cookies.set(key!, value!);
      }
      const text = await answer.text();
      return { status: answer.status, ...(text.startsWith('{') && (JSON.parse(text) as Omit<Answer, 'status'>)) };
    };
    const markOf = async () => (mark = (await ask('csrf-token')).obj);
    const signIn = async (password = account['password']) => {
      if (version.startsWith('3')) await markOf();
      const answer = await ask('login', { username: account['username'], password });
      if (version.startsWith('3')) await markOf();
      return answer;
    };
    const api = (path: string, body?: object) => ask(`panel/api${path}`, body);
    const byHand = client.panels('three-x-ui').server(name);
    return { account, byHand, ask, api, signIn, forgetMark: () => (mark = undefined) };
  }
  const added = (client: object, id = 1) => ({ id, settings: JSON.stringify({ clients: [client] }) });
  const someone = (email: string, more: object = {}) => ({ email, id: randomUUID(), enable: true, ...more });

  it('tells nobody who is not signed in that there is an API', async () => {
    const { ask, api, account, signIn } = await panel('2.9.4');
    expect(await api('/inbounds/list')).toEqual({ status: 404 });
    expect((await fetch(new URL('/three-x-ui/spec-1/login', account['url']), { method: 'POST' })).status).toBe(404);
    // With 200, and in the language of the panel.
    expect(await signIn('wrong')).toMatchObject({
      status: 200,
      success: false,
      msg: expect.stringMatching(/Неверное/),
    });
    expect(await signIn()).toMatchObject({ status: 200, success: true });
    expect(await api('/inbounds/list')).toMatchObject({ success: true, obj: [{ id: 1 }, { id: 2 }] });
    const ajax = await panel('3.6.0');
    expect(
      (await ajax.ask('panel/api/inbounds/list', undefined, { 'x-requested-with': 'XMLHttpRequest' })).status,
    ).toBe(401);
    expect((await ask('panel/api/nothing')).status).toBe(404);
  });

  it('blocks from 3.0 an account that is guessed at, in the same words', async () => {
    const { signIn } = await panel('3.6.0');
    for (let time = 0; time < 5; time += 1) await signIn('wrong');
    expect(await signIn()).toMatchObject({ success: false, msg: expect.stringMatching(/^Invalid username/) });
  });

  it('wants from 3.0 the mark of the session with every change, unless a token of the API is shown', async () => {
    const { api, ask, account, signIn, forgetMark } = await panel('3.6.0');
    await signIn();
    forgetMark();
    const body = { client: someone('ann'), inboundIds: [1] };
    expect(await api('/clients/add', body)).toEqual({ status: 403 });
    const token = (value: string) => ({ cookie: '', authorization: `Bearer ${value}` });
    expect(await ask('panel/api/clients/add', body, token(account['token']!))).toMatchObject({ success: true });
    const made = await ask(
      'panel/api/setting/apiTokens/create',
      { name: 'm', scope: 'monitor' },
      token(account['token']!),
    );
    const monitor = token((made.obj as unknown as { token: string }).token);
    expect(await ask('panel/api/server/status', undefined, monitor)).toMatchObject({ success: true });
    expect(await ask('panel/api/clients/add', body, monitor)).toMatchObject({ status: 403, success: false });
  });

  it('up to 3.0 keeps clients as JSON in a string, each email once in all inbounds', async () => {
    const { api, signIn } = await panel('2.8.5');
    await signIn();
    const ann = someone('ann', { totalGB: 5, tgId: 7, ours: 'kept' });
    expect(await api('/inbounds/addClient', added(ann))).toMatchObject({ success: true, obj: null });
    expect(await api('/inbounds/addClient', added(someone('Ann'), 2))).toMatchObject({
      status: 200,
      success: false,
      msg: expect.stringContaining('(Duplicate email: Ann'),
    });
    expect(await api('/inbounds/addClient', added({ email: 'bob' }))).toMatchObject({
      msg: expect.stringContaining('empty client ID'),
    });
    const { obj } = await api('/inbounds/get/1');
    const { settings, clientStats } = obj as unknown as { settings: string; clientStats: unknown };
    expect(JSON.parse(settings)).toMatchObject({ clients: [ann] });
    expect(clientStats).toBeNull();
    expect(await api('/inbounds/getClientTraffics/ann')).toMatchObject({ obj: { total: 5, up: 0, enable: true } });
    expect(await api('/inbounds/getClientTraffics/bob')).toMatchObject({ success: false });
  });

  it('up to 3.0 loses one of two changes at once, and from 3.1 none', async () => {
    const [old, fresh] = [await panel('3.0.2'), await panel('3.1.0')];
    await Promise.all([old.signIn(), fresh.signIn()]);
    await Promise.all(['ann', 'bob'].map((email) => old.api('/inbounds/addClient', added(someone(email)))));
    expect(await old.byHand.users()).toHaveLength(1);
    await Promise.all(
      ['ann', 'bob'].map((email) => fresh.api('/clients/add', { client: someone(email), inboundIds: [1] })),
    );
    expect(await fresh.byHand.users()).toHaveLength(2);
    expect((await fresh.api('/inbounds/addClient', added(someone('eve')))).status).toBe(404);
  });

  it('up to 3.0 replaces the whole of a client, and lets no inbound be without one', async () => {
    const { api, byHand, signIn } = await panel('2.9.4');
    await signIn();
    const ann = someone('ann', { totalGB: 5 });
    await api('/inbounds/addClient', added(ann));
    await api(`/inbounds/updateClient/${ann.id}`, added({ email: 'ann', id: ann.id }));
    expect(await byHand.user('ann')).toMatchObject({ enabled: false, limitBytes: null });
    expect(await api(`/inbounds/1/delClient/${ann.id}`, {})).toMatchObject({
      success: false,
      msg: expect.stringContaining('no client remained in Inbound'),
    });
  });

  it.each([
    ['2.8.5', true],
    ['2.9.4', false],
  ])('%s ends whoever is used up, and the client itself is %s', async (version, staysOn) => {
    const { api, byHand, signIn } = await panel(version);
    await signIn();
    await api('/inbounds/addClient', added(someone('ann', { totalGB: 1000 })));
    expect(await byHand.use('ann', 1000)).toEqual({ served: true });
    expect(await byHand.use('ann', 1)).toEqual({ served: false });
    const { obj } = await api('/inbounds/get/1');
    expect(JSON.parse((obj as unknown as { settings: string }).settings)).toMatchObject({
      clients: [{ enable: staysOn }],
    });
  });

  it('begins to count a negative end when the client is first used', async () => {
    const { api, byHand, signIn } = await panel('3.6.0');
    await signIn();
    await api('/clients/add', { client: someone('ann', { expiryTime: -60_000 }), inboundIds: [1] });
    expect(await byHand.user('ann')).toMatchObject({ expiresAt: null });
    await byHand.use('ann', 1);
    expect((await byHand.user('ann'))!.expiresAt! - Date.now()).toBeLessThanOrEqual(60_000);
  });

  it('from 3.1 adds the same client again without harm, switches a new one on, and adjusts by adding', async () => {
    const { api, byHand, signIn } = await panel('3.6.0');
    await signIn();
    const ann = { ...someone('ann', { totalGB: 5, subId: 'ann' }), enable: false };
    for (const inboundIds of [[1], [1, 2]]) await api('/clients/add', { client: ann, inboundIds });
    expect(await api('/clients/get/ann')).toMatchObject({
      obj: { inboundIds: [1, 2], client: { uuid: ann.id, enable: true } },
    });
    const other = { client: someone('ann', { subId: 'other' }), inboundIds: [1] };
    expect(await api('/clients/add', other)).toMatchObject({
      success: false,
      msg: expect.stringContaining('email already in use: ann'),
    });
    for (let time = 0; time < 2; time += 1) await api('/clients/bulkAdjust', { emails: ['ann'], addBytes: 5 });
    expect(await byHand.user('ann')).toMatchObject({ limitBytes: 15 });
    expect(await api('/clients/update/ann', { email: 'ann' })).toMatchObject({ success: true });
    expect(await byHand.user('ann')).toMatchObject({ enabled: false, limitBytes: null, uuid: ann.id });
    expect(await api('/clients/del/ann', {})).toMatchObject({ success: true });
    expect(await api('/clients/del/ann', {})).toMatchObject({ success: false });
  });

  it('gives a client the links of all inbounds under one address, with what is left', async () => {
    const { api, account, signIn } = await panel('3.6.0');
    await signIn();
    const ann = someone('ann', { subId: 'ann-1', totalGB: 500, expiryTime: 2_000_000_000_000 });
    await api('/clients/add', { client: ann, inboundIds: [1, 2] });
    const at = (id: string) => fetch(`${new URL('..', account['url']).href}sub/${id}`);
    const answer = await at('ann-1');
    expect(answer.headers.get('subscription-userinfo')).toBe('upload=0; download=0; total=500; expire=2000000000');
    const links = Buffer.from(await answer.text(), 'base64')
      .toString()
      .trim()
      .split('\n');
    expect(links).toEqual([expect.stringMatching(`^vless://${ann.id}@`), expect.stringMatching('^trojan://')]);
    expect((await at('nobody')).status).toBe(404);
  });
});
