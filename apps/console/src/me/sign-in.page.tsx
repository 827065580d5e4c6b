import { gatewaySignInMethodsListOptions } from '@switchboard/api-client';
import { Button, ButtonLink, Link, ProblemLine, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { sessionQuery } from '../session';
import { PageFailed } from '../page-failed';
import { SignInFrame } from '../sign-in/frame';
import { profileQuery } from './me.api';
import { type BroughtBack, broughtBack, Returned } from './returned';
import { useMeTexts } from './me.texts';
import { EmailForm, ProviderButton } from './ways-in';
import './me.css';

/**
 * Where people sign in, and where accounts elsewhere and links in mails lead: what these have to say stands in the address, and
 * counts once.
 */
export function PersonSignInPage() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const { to } = useSearch({ from: '/me/sign-in' });
  const { pathname, searchStr, hash } = useLocation();
  const back = broughtBack(new URLSearchParams(searchStr), hash);
  if (error && !session) return <PageFailed error={error} reset={() => void refetch()} />;
  // The address changes before the page to which it leads is there; what it says then is not said to this one.
  if (!session || !pathname.startsWith('/me/sign-in')) return null;
  const isSignedIn = session.person !== null;
  if (back?.kind === 'identity' && !isSignedIn) return <NotYetSignedIn />;
  if (back?.kind === 'link') return <LinkFollowed key={back.link} back={back} isSignedIn={isSignedIn} />;
  if (back) return <Returned back={back} isSignedIn={isSignedIn} />;
  const next = to?.startsWith('/me') ? to : '/me';
  return isSignedIn ? <GoOn to={next} /> : <WaysIn to={next} />;
}

/** Whoever is signed in has nothing to do here. */
function GoOn({ to }: { to: string }) {
  const { navigate } = useRouter();
  useEffect(() => void navigate({ href: to, replace: true }), [navigate, to]);
  return null;
}

function WaysIn({ to }: { to: string }) {
  const t = useMeTexts().signIn;
  const kit = useKitTexts();
  const { data, error } = useQuery({ ...gatewaySignInMethodsListOptions(), staleTime: Infinity });
  const [sentTo, setSentTo] = useState<string>();
  const foot = (
    <>
      {t.staff} <Link href="/console/sign-in">{t.staffLink}</Link>
    </>
  );
  if (sentTo !== undefined) {
    return (
      <SignInFrame title={t.sentTitle} about={t.sentText(sentTo)}>
        <Button wide size="large" onPress={() => setSentTo(undefined)}>
          {t.otherAddress}
        </Button>
      </SignInFrame>
    );
  }
  if (data?.providers.length === 0 && !data.email) {
    return <SignInFrame title={t.none} about={t.noneText} foot={foot} children={null} />;
  }
  return (
    <SignInFrame title={t.title} about={t.about} foot={foot}>
      {error && !data && <ProblemLine error={error} />}
      {!error && !data && <SkeletonLines label={kit.loading} />}
      {data && data.providers.length > 0 && (
        <div className="sign-in-providers">
          {data.providers.map((channel) => (
            <ProviderButton key={channel} channel={channel} purpose="sign-in" to={to} />
          ))}
        </div>
      )}
      {data?.email && (
        <>
          {data.providers.length > 0 && <div className="sign-in-or">{t.or}</div>}
          <EmailForm purpose="sign-in" to={to} onSent={setSentTo} />
        </>
      )}
    </SignInFrame>
  );
}

/**
 * A link out of a bot counts in every browser. Somebody who sends theirs to others wants them to act in an account that is not
 * their own, so that nobody is signed in by opening a page alone.
 */
function LinkFollowed({ back, isSignedIn }: { back: BroughtBack; isSignedIn: boolean }) {
  const t = useMeTexts();
  const [isAgreed, setAgreed] = useState(false);
  const { data: profile } = useQuery({ ...profileQuery, enabled: isSignedIn });
  if (isAgreed) return <Returned back={back} isSignedIn={isSignedIn} />;
  return (
    <SignInFrame title={t.signIn.byLink} about={t.signIn.byLinkText}>
      {isSignedIn && <p className="note">{t.signIn.byLinkInstead(profile?.name)}</p>}
      <Button look="primary" wide size="large" onPress={() => setAgreed(true)}>
        {t.signIn.title}
      </Button>
      <ButtonLink href={isSignedIn ? '/me' : '/me/sign-in'} wide size="large">
        {isSignedIn ? t.signIn.stay : t.signIn.otherWay}
      </ButtonLink>
    </SignInFrame>
  );
}

function NotYetSignedIn() {
  const t = useMeTexts().signIn;
  return (
    <SignInFrame title={t.firstTitle} about={t.firstText}>
      <ButtonLink href="/me/sign-in?to=/me/access" look="primary" wide size="large">
        {t.title}
      </ButtonLink>
    </SignInFrame>
  );
}
