import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Agent, fetch as fetchBy } from 'undici';
import { SandboxClient } from '../client';
import { type Sandbox, startSandbox } from '../sandbox';

const GB = 1_000_000_000;

describe('Outline in the sandbox', () => {
  let sandbox: Sandbox;
  let client: SandboxClient;
  let apiUrl: string;
  let anyCertificate: Agent;

  beforeEach(() => start());
  afterEach(async () => {
    await anyCertificate.close();
    await sandbox.close();
  });

  async function start(data?: string): Promise<void> {
    anyCertificate = new Agent({ connect: { rejectUnauthorized: false } });
    sandbox = await startSandbox({ data });
    client = new SandboxClient(sandbox.url);
    apiUrl = (await account())['apiUrl']!;
  }

  const server = () => client.panels('outline').server('helsinki');
  const account = async () => (await client.panels('outline').servers())[0]!.account;

  async function ask(method: string, path: string, body?: object) {
    const answer = await fetchBy(apiUrl + path, {
      method,
      dispatcher: anyCertificate,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as Record<string, unknown> };
  }

  /** As it is shown to whoever connects. */
  function fingerprint(): Promise<string> {
    const { hostname: host, port } = new URL(apiUrl);
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', ''));
        socket.destroy();
      }).once('error', reject);
    });
  }

  it('answers by HTTPS, with a certificate that only its fingerprint vouches for', async () => {
    await expect(fetch(`${apiUrl}/server`)).rejects.toThrow();
    const { certSha256 } = await account();
    expect(certSha256).toMatch(/^[0-9A-F]{64}$/);
    expect(await fingerprint()).toBe(certSha256);
    await server().renewCertificate();
    expect(await fingerprint()).not.toBe(certSha256);
    expect(await fingerprint()).toBe((await account())['certSha256']);
    expect(await ask('GET', '/server')).toMatchObject({ status: 200, body: { version: '1.7.2', name: 'helsinki' } });
  });

  it('is not there for who does not know its path', async () => {
    apiUrl = `${new URL(apiUrl).origin}/guessed`;
    expect(await ask('GET', '/access-keys')).toEqual({
      status: 404,
      body: { code: 'ResourceNotFound', message: '/guessed/access-keys does not exist' },
    });
  });

  it('makes keys with ids of its own and of ours', async () => {
    const first = await ask('POST', '/access-keys');
    expect(first).toMatchObject({ status: 201, body: { id: '0', name: '', method: 'chacha20-ietf-poly1305' } });
    const ours = { name: 'one', password: 'our-password', limit: { bytes: GB } };
    const made = await ask('PUT', '/access-keys/sb_one', ours);
    const secret = Buffer.from('chacha20-ietf-poly1305:our-password').toString('base64url');
    expect(made).toMatchObject({
      status: 201,
      body: {
        ...{ id: 'sb_one', name: 'one', password: 'our-password', dataLimit: { bytes: GB }, port: 12_345 },
        accessUrl: `ss://${secret}@helsinki.vpn.example:12345/?outline=1`,
      },
    });
    expect(made.body).not.toHaveProperty('reachedDataLimit');
    expect(await ask('PUT', '/access-keys/sb_one', {})).toMatchObject({ status: 409, body: { code: 'Conflict' } });
    expect(await ask('GET', '/access-keys/sb_one')).toEqual({ status: 200, body: made.body });
    expect(await ask('PUT', '/access-keys/sb_one/name', { name: 'other' })).toEqual({ status: 204, body: undefined });
    expect(await ask('DELETE', '/access-keys/sb_one')).toMatchObject({ status: 204 });
    expect(await ask('DELETE', '/access-keys/sb_one')).toEqual({
      status: 404,
      body: { code: 'NotFound', message: 'Access key "sb_one" not found' },
    });
  });

  it.each<[string, string, string, object, number, RegExp]>([
    ['a cipher', 'PUT', '/access-keys/a', { method: 'none' }, 400, /cipher "none" is not valid/],
    ['a port', 'PUT', '/access-keys/a', { port: 70_000 }, 400, /Port 70000 is invalid/],
    ['a limit', 'PUT', '/access-keys/a', { limit: { bytes: -1 } }, 400, /non-negative integer/],
    ['a number for a name', 'PUT', '/access-keys/a', { name: 5 }, 400, /Expected a string for name/],
    ['a password that another key has', 'PUT', '/access-keys/a', { password: 'taken' }, 409, /has the same password/],
    ['an id that is not asked for', 'POST', '/access-keys', { id: 'a' }, 400, /`id` is not allowed/],
    ['a long name', 'PUT', '/name', { name: 'n'.repeat(101) }, 409, /<= 100 characters/],
    ['no name', 'PUT', '/name', {}, 400, /`name` is missing/],
    ['a host', 'PUT', '/server/hostname-for-access-keys', { hostname: 'no host' }, 400, /isn't a valid hostname/],
  ])('refuses %s', async (_, method, path, body, status, words) => {
    await ask('PUT', '/access-keys/other', { password: 'taken' });
    const refused = await ask(method, path, body);
    expect([refused.status, refused.body['message']]).toEqual([status, expect.stringMatching(words)]);
    expect(await server().users()).toHaveLength(1);
  });

  it('looks at limits when one changes, and not when a key is made', async () => {
    await ask('PUT', '/access-keys/sb_one', { limit: { bytes: 0 } });
    expect(await server().user('sb_one')).toMatchObject({ enabled: false, served: true });
    await ask('PUT', '/access-keys/sb_one/data-limit', { limit: { bytes: 0 } });
    expect(await server().user('sb_one')).toMatchObject({ served: false });
    await ask('DELETE', '/access-keys/sb_one/data-limit');
    expect(await server().user('sb_one')).toMatchObject({ served: true, limitBytes: null });
    await server().use('sb_one', GB);
    await ask('PUT', '/server/access-key-data-limit', { limit: { bytes: GB } });
    expect(await server().user('sb_one')).toMatchObject({ served: false, usedBytes: GB });
    await ask('DELETE', '/server/access-key-data-limit');
    expect(await server().user('sb_one')).toMatchObject({ served: true });
  });

  it('counts what goes through keys, and leaves out those through which nothing went', async () => {
    await ask('PUT', '/access-keys/sb_one', {});
    await ask('PUT', '/access-keys/sb_two', {});
    await server().use('sb_one', GB);
    expect((await ask('GET', '/metrics/transfer')).body).toEqual({ bytesTransferredByUserId: { sb_one: GB } });
    const { body } = await ask('GET', '/experimental/server/metrics?since=30d');
    expect(body['accessKeys']).toMatchObject([
      { accessKeyId: 'sb_one', dataTransferred: { bytes: GB }, connection: { lastTrafficSeen: expect.any(Number) } },
    ]);
    expect(await ask('GET', '/experimental/server/metrics')).toMatchObject({ status: 400 });
    // What was counted is not the key's own: made again it has it still.
    await ask('DELETE', '/access-keys/sb_one');
    await ask('PUT', '/access-keys/sb_one', {});
    expect((await ask('GET', '/metrics/transfer')).body).toEqual({ bytesTransferredByUserId: { sb_one: GB } });
  });

  it('refuses connections when it is dead, and comes back at the same port', async () => {
    await server().setPower('refusing');
    await expect(ask('GET', '/server')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await server().setPower('up');
    expect(await ask('GET', '/server')).toMatchObject({ status: 200 });
  });

  it('is the same machine after a restart', async () => {
    await anyCertificate.close();
    await sandbox.close();
    const data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
    await start(data);
    await ask('PUT', '/access-keys/sb_one', {});
    const before = await account();
    await anyCertificate.close();
    await sandbox.close();
    await start(data);
    expect(await account()).toEqual(before);
    expect((await ask('GET', '/access-keys')).body['accessKeys']).toHaveLength(1);
    await sandbox.close();
    await rm(data, { recursive: true });
  });
});
