import { randomBytes } from 'node:crypto';
import { CompanyProvider } from '../../../test/company-provider';
import { OpenIdProvider } from './openid.provider';
import { type Attempt, SignInMisconfigured, SignInRefused } from './sign-in-provider';

const REDIRECT_URI = 'http://localhost:4080/me/sign-in';

/** A real provider, and not one that we have written ourselves. */
describe('signing in with a certified OpenID provider', () => {
  let company: CompanyProvider;
  let provider: OpenIdProvider;

  beforeAll(async () => {
    company = await CompanyProvider.start({
      'ann-4711': { name: 'Ann Lee', locale: 'ru', email: 'ann@mail.example' },
    });
    // As Google, and unlike the provider's own habit: everything is in the id_token.
    company.open({ redirect_uris: [REDIRECT_URI] }, { conformIdTokenClaims: false });
    const { issuer, client } = company;
    provider = new OpenIdProvider(
      'company',
      { issuer, clientId: client.id, clientSecret: client.secret },
      (_name, work) => work(new AbortController().signal),
    );
  });
  afterAll(() => company.stop());

  const attempt = (): Attempt => ({
    state: randomBytes(24).toString('base64url'),
    nonce: randomBytes(24).toString('base64url'),
    verifier: randomBytes(48).toString('base64url'),
    redirectUri: REDIRECT_URI,
  });
  const visit = (address: URL) => company.browser().visit(address, 'ann-4711', REDIRECT_URI);
  const answerOf = ({ searchParams }: URL) => ({
    code: searchParams.get('code')!,
    issuer: searchParams.get('iss') ?? undefined,
  });

  it('says who it is', async () => {
    const begun = attempt();
    const back = await visit(await provider.authorizationUrl(begun));
    expect(back.searchParams.get('state')).toBe(begun.state);
    expect(await provider.identify(answerOf(back), begun)).toEqual({
      externalId: 'ann-4711',
      name: 'Ann Lee',
      label: 'ann@mail.example',
      locale: 'ru',
    });
  });

  it.each<[string, (begun: Attempt) => Attempt, object]>([
    ['another nonce', (begun) => ({ ...begun, nonce: 'another' }), {}],
    ['another verifier', (begun) => ({ ...begun, verifier: attempt().verifier }), {}],
    ['another issuer in its address', (begun) => begun, { issuer: 'https://evil.example' }],
    ['no issuer, although it says that it tells it', (begun) => begun, { issuer: undefined }],
  ])('is refused with %s', async (_what, change, more) => {
    const begun = attempt();
    const back = await visit(await provider.authorizationUrl(begun));
    const identified = provider.identify({ ...answerOf(back), ...more }, change(begun));
    await expect(identified).rejects.toBeInstanceOf(SignInRefused);
  });

  it('is nobody to blame for a secret that is wrong', async () => {
    const { issuer, client } = company;
    const wrong = new OpenIdProvider('company', { issuer, clientId: client.id, clientSecret: 'wrong' }, (_name, work) =>
      work(new AbortController().signal),
    );
    const begun = attempt();
    const answer = answerOf(await visit(await wrong.authorizationUrl(begun)));
    await expect(wrong.identify(answer, begun)).rejects.toBeInstanceOf(SignInMisconfigured);
  });

  it('sends the secret as the provider takes it, and apart from the form where that is its choice', async () => {
    const begun = attempt();
    await provider.identify(answerOf(await visit(await provider.authorizationUrl(begun))), begun);
    expect(company.secretsBy.at(-1)).toBe('basic');
    const forms = await CompanyProvider.start({ 'ann-4711': {} });
    try {
      forms.open(
        { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'client_secret_post' },
        { clientAuthMethods: ['client_secret_post'] },
      );
      const settings = { issuer: forms.issuer, clientId: forms.client.id, clientSecret: forms.client.secret };
      const byForm = new OpenIdProvider('forms', settings, (_name, work) => work(new AbortController().signal));
      const back = await forms.browser().visit(await byForm.authorizationUrl(begun), 'ann-4711', REDIRECT_URI);
      expect(await byForm.identify(answerOf(back), begun)).toMatchObject({ externalId: 'ann-4711' });
      expect(forms.secretsBy).toEqual(['post']);
    } finally {
      forms.stop();
    }
  });

  it('is refused with a code that was used', async () => {
    const begun = attempt();
    const answer = answerOf(await visit(await provider.authorizationUrl(begun)));
    await provider.identify(answer, begun);
    await expect(provider.identify(answer, begun)).rejects.toBeInstanceOf(SignInRefused);
  });
});
