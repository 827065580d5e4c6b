import { gatewayStaffSignInCompleteSso } from '@switchboard/api-client';
import { ButtonLink, ProblemLine, SkeletonLines } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { enterConsole } from '../session';
import { SignInFrame } from './frame';
import { useSignInTexts } from './sign-in.texts';

/** To which the provider of the company sends the browser back. What it has put into the address counts once. */
export function SsoReturnPage() {
  const t = useSignInTexts();
  // Before the address is cleaned: what stands there is nobody's business, and worth nothing a second time.
  const [brought] = useState(() => broughtBy(new URLSearchParams(window.location.search)));
  const completed = useQuery({
    queryKey: ['sso', brought.state],
    queryFn: async () => (await gatewayStaffSignInCompleteSso({ body: brought })).data,
    retry: false,
    staleTime: Infinity,
  });
  const returnTo = completed.data?.returnTo;
  useEffect(() => {
    if (returnTo !== undefined) enterConsole(returnTo);
  }, [returnTo]);
  if (completed.error) {
    return (
      <SignInFrame title={t.sso.failed}>
        <ProblemLine error={completed.error} />
        <ButtonLink href="/console/sign-in" wide size="large">
          {t.sso.back}
        </ButtonLink>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={t.sso.title} about={t.sso.about}>
      <SkeletonLines label={t.sso.about} />
    </SignInFrame>
  );
}

function broughtBy(query: URLSearchParams) {
  const text = (name: string) => query.get(name) ?? undefined;
  return { state: text('state') ?? '-', code: text('code'), issuer: text('iss'), error: text('error') };
}
