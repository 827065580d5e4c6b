import { startApp, type TestApp } from '@switchboard/testing';
import { type Challenge, type Solution, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { Browser, SITE } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';

interface Answered {
  code?: string;
}

describe('what is open to everybody wants a proof of work', () => {
  let app: TestApp;
  beforeAll(async () => {
    const env = { GATEWAY_PUBLIC_URL: SITE, GATEWAY_SMTP_URL: 'smtp://127.0.0.1:1', GATEWAY_PROOF_OF_WORK: '4' };
    app = await startApp(gatewayApp, { env });
  });
  afterAll(() => app.stop());
  // Out of the way of the limits of the test before.
  beforeEach(() => app.clock.advance(16 * 60_000));

  const browser = () => new Browser(app.service.publicUrl!);
  const ask = (method: string, path: string, body: object, proof?: string) =>
    browser().ask<Answered>(method, path, body, proof === undefined ? {} : { 'x-proof-of-work': proof });
  const mail = (proof?: string) => ask('POST', '/sign-in/emails', { email: 'ann@mail.example' }, proof);
  const password = (proof?: string, email = 'nobody@company.example') =>
    ask('POST', '/staff-sign-in/password', { email, password: 'not it at all' }, proof);
  const challenge = async () =>
    (await browser().ask<{ challenge: Challenge }>('POST', '/proof-of-work/challenges')).body.challenge;
  const encoded = (proof: { challenge: Challenge; solution: Partial<Solution> | null }) =>
    Buffer.from(JSON.stringify(proof)).toString('base64');
  async function solved(change: (challenge: Challenge) => Challenge = (same) => same): Promise<string> {
    const given = await challenge();
    return encoded({ challenge: change(given), solution: await solveChallenge({ challenge: given, deriveKey }) });
  }
  const needed = { status: 403, body: { code: 'gateway.proof_of_work_needed' } };

  it('before a mail is sent, which counts once', async () => {
    expect(await mail()).toMatchObject(needed);
    const proof = await solved();
    expect((await mail(proof)).status).toBe(202);
    expect(await mail(proof)).toMatchObject(needed);
  });

  it('is right, whole and fresh', async () => {
    const easier = ({ parameters, ...rest }: Challenge) => ({ ...rest, parameters: { ...parameters, cost: 1 } });
    const later = ({ parameters, ...rest }: Challenge) => ({
      ...rest,
      parameters: { ...parameters, expiresAt: parameters.expiresAt! + 3600 },
    });
    const unsigned = ({ parameters }: Challenge) => ({ parameters });
    const wrong = encoded({ challenge: await challenge(), solution: { counter: 1, derivedKey: 'ab'.repeat(32) } });
    const refused = [wrong, 'nonsense', await solved(easier), await solved(later), await solved(unsigned)];
    for (const [i, proof] of refused.entries()) expect([i, (await mail(proof)).status]).toEqual([i, 403]);
    const old = await solved();
    app.clock.advance(5 * 60_000 + 1000);
    expect(await mail(old)).toMatchObject(needed);
  });

  it('before a third password is tried, whoever it is tried on, and what is refused for want of it is no try', async () => {
    for (const email of ['nobody@company.example', 'somebody@company.example']) {
      expect([(await password(undefined, email)).status, (await password(undefined, email)).status]).toEqual([
        401, 401,
      ]);
      for (let i = 0; i < 6; i++) expect(await password(undefined, email)).toMatchObject(needed);
      expect((await password(await solved(), email)).body.code).toBe('gateway.wrong_credentials');
    }
  });

  it('but none where it is switched off', async () => {
    const env = { GATEWAY_SMTP_URL: 'smtp://127.0.0.1:1', GATEWAY_PROOF_OF_WORK: '0' };
    const without = await startApp(gatewayApp, { env });
    const sent = await new Browser(without.service.publicUrl!).ask('POST', '/sign-in/emails', {
      email: 'ann@mail.example',
    });
    expect(sent.status).toBe(202);
    await without.stop();
  });
});
