import { until } from '@switchboard/testing';
import { signInStaff } from '../../test/sign-in';
import { type Gateway, startGateway } from '../../test/start-gateway';

describe('notices to staff', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it('tell them by e-mail of what somebody else could have done with their account', async () => {
    const { app, sandbox } = gateway;
    const { id, headers } = await signInStaff(app, 'support');
    const ask = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${app.service.publicUrl}/v1/account/${path}`, {
        method,
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      expect(response.ok).toBe(true);
    };
    const subjects = async () => (await sandbox.mailbox.mails(`${id}@example.com`)).map(({ subject }) => subject);
    await ask('POST', 'recovery-codes');
    await until(async () => (await subjects()).length === 1, { what: 'the first mail' });
    await ask('PUT', 'password', { password: 'violet tram under seven lemons' });
    await until(async () => (await subjects()).length === 2, { what: 'the second mail' });
    expect((await subjects()).sort()).toEqual([
      'Switchboard: The password of your account was changed.',
      'Switchboard: Your account has new recovery codes; the old ones count no longer.',
    ]);
    const [mail] = await sandbox.mailbox.mails(`${id}@example.com`);
    expect(mail!.text).toContain('Если это были не вы');
  });
});
