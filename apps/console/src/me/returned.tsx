import {
  gatewayIdentitiesLink,
  gatewayIdentitiesLinkEmail,
  type GatewayProviderAnswer,
  gatewaySignInAttemptsComplete,
  gatewaySignInLinksRedeem,
} from '@switchboard/api-client';
import { ButtonLink, notify, ProblemLine, problemOf, SkeletonLines } from '@switchboard/ui';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { sessionQuery } from '../session';
import { SignInFrame } from '../sign-in/frame';
import { useChannelName } from '../channel-names/channel-names';
import { useMeTexts } from './me.texts';

/** What an account elsewhere, or a link in a mail, has brought into the address. */
export type BroughtBack =
  | { kind: 'answer'; answer: GatewayProviderAnswer }
  | { kind: 'link'; link: string }
  | { kind: 'identity'; link: string };

/** @param hash without its `#` */
export function broughtBack(search: URLSearchParams, hash: string): BroughtBack | undefined {
  const said = (name: string) => search.get(name) ?? undefined;
  const state = said('state');
  if (state !== undefined) {
    const answer = { code: said('code'), deviceId: said('device_id'), issuer: said('iss'), error: said('error') };
    return { kind: 'answer', answer: { state, ...answer } };
  }
  const [, kind, link] = /^(link|identity)=(.+)$/.exec(hash) ?? [];
  return kind && link ? { kind: kind as 'link' | 'identity', link } : undefined;
}

const LINKED = '/me/access';

type Outcome = { to: string; linked?: string; isNew?: boolean };

/** @param isSignedIn then what an account elsewhere has answered is added to the person's own */
async function complete(back: BroughtBack, isSignedIn: boolean): Promise<Outcome> {
  if (back.kind === 'identity') {
    const { data } = await gatewayIdentitiesLinkEmail({ body: { link: back.link } });
    return { to: LINKED, linked: data.channel };
  }
  if (back.kind === 'answer' && isSignedIn) {
    const { data } = await gatewayIdentitiesLink({ body: back.answer });
    return { to: LINKED, linked: data.channel };
  }
  const { data } = await (back.kind === 'answer'
    ? gatewaySignInAttemptsComplete({ body: back.answer })
    : gatewaySignInLinksRedeem({ body: { link: back.link } }));
  return { to: data.returnTo, isNew: data.isNew };
}

export function Returned({ back, isSignedIn }: { back: BroughtBack; isSignedIn: boolean }) {
  const t = useMeTexts();
  const nameOf = useChannelName();
  const { navigate } = useRouter();
  const queries = useQueryClient();
  const { data: outcome, error } = useQuery({
    queryKey: ['brought back', back],
    queryFn: () => complete(back, isSignedIn),
    // It counts once: asked again it would be refused.
    ...{ retry: false, staleTime: Infinity, retryOnMount: false },
    ...{ refetchOnMount: false, refetchOnWindowFocus: false, refetchOnReconnect: false },
  });
  useEffect(() => {
    if (!outcome) return;
    const { to, linked, isNew } = outcome;
    if (linked !== undefined) notify({ text: t.access.linked(nameOf(linked)) });
    if (isNew) notify({ text: t.signIn.welcome });
    // In this page may be what the person has seen who was signed in before.
    if (isSignedIn && linked === undefined) return window.location.replace(to);
    // What is shown stays until the new session is known: without one, this page would begin anew.
    void queries.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(() => navigate({ href: to, replace: true }));
    // Once for each outcome, whatever the words are.
  }, [outcome]);
  if (error) return <NotCompleted error={error} isSignedIn={isSignedIn} />;
  return (
    <SignInFrame title={t.signIn.checking} about={t.signIn.checkingText}>
      <SkeletonLines lines={2} label={t.signIn.checking} />
    </SignInFrame>
  );
}

const refusals = {
  'gateway.sign_in_expired': 'expired',
  'gateway.sign_in_declined': 'declined',
  'gateway.sign_in_refused': 'refused',
  'gateway.provider_unavailable': 'unavailable',
  'gateway.sign_in_link_refused': 'link',
  'gateway.identity_of_another_person': 'another',
  'gateway.channel_already_linked': 'linked',
} as const;

/** Why nobody was signed in, and nothing linked. */
function NotCompleted({ error, isSignedIn }: { error: unknown; isSignedIn: boolean }) {
  const t = useMeTexts().signIn;
  const known = refusals[problemOf(error)?.code as keyof typeof refusals] as
    (typeof refusals)[keyof typeof refusals] | undefined;
  const words = known && t.refusals[known];
  return (
    <SignInFrame title={words?.title ?? t.title} about={words?.text}>
      {!words && <ProblemLine error={error} />}
      <ButtonLink href={isSignedIn ? LINKED : '/me/sign-in'} look="primary" wide size="large">
        {isSignedIn ? t.toAccess : t.again}
      </ButtonLink>
    </SignInFrame>
  );
}
