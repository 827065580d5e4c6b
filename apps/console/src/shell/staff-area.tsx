import { AppShell, NoRight, Page, Palette, useCommands, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useMatches, useRouter } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { waitingApprovals } from '../approvals/approvals.api';
import { lazyPart } from '../lazy-part';
import { accountQuery, demoQuery, sessionQuery, type Staff, useStaff } from '../session';
import { useRoleTexts } from '../staff-names/roles.texts';
import { useAccountMenu } from './account-menu';
import { useApprovalQueue } from './approval-queue';
import { missingPermission, phoneTabs, useNav } from './nav';
import { PageFailed } from '../page-failed';
import { usePaletteSearch } from './palette-search';
import { SignInFirst } from './sign-in-first';
import { useShellTexts } from './shell.texts';

// They ask rarely, and never before a page is drawn.
const StepUpDialog = lazyPart(() => import('./step-up-dialog'), 'StepUpDialog');
const ApprovalDialog = lazyPart(() => import('./approval-dialog'), 'ApprovalDialog');

/** Everything that only staff see. Who is not signed in is asked to, and comes back to where they wanted to go. */
export function StaffArea() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (error && !session) return <PageFailed error={error} reset={() => void refetch()} />;
  if (!session) return null;
  if (!session.staff) return <SignInFirst page="/console/sign-in" />;
  return <StaffShell />;
}

function StaffShell() {
  const t = useShellTexts();
  const { rolesOf } = useRoleTexts();
  const staff = useStaff();
  const { data: account } = useQuery(accountQuery);
  const { data: demo } = useQuery(demoQuery);
  const { pathname } = useLocation();
  const approvals = useQuery(waitingApprovals(staff));
  const [asked, endAsked] = useApprovalQueue(staff.id);
  const { sections, shortcuts } = useNav(staff, { approvals: approvals.data });
  const { navigate } = useRouter();
  const [paletteOpen, setPaletteOpen] = useState(false);
  const search = usePaletteSearch();
  useCommands(
    shortcuts.map(({ id, title, icon, keys, href }) => ({
      ...{ id: `go.${id}`, title, icon, keys, group: t.commands.go },
      run: () => void navigate({ href }),
    })),
  );
  return (
    <AppShell
      name="Switchboard"
      home="/console/"
      sections={sections}
      phoneTabs={phoneTabs}
      path={pathname}
      onSearch={() => setPaletteOpen(true)}
      banner={demo?.isThere && t.demo}
      account={{
        id: staff.id,
        name: account?.member.name ?? '',
        about: rolesOf(staff.roles),
        groups: useAccountMenu('staff'),
      }}
    >
      <AllowedPage staff={staff} />
      <Suspense>
        <StepUpDialog />
        <ApprovalDialog asked={asked} onEnd={endAsked} />
      </Suspense>
      <Palette isOpen={paletteOpen} onOpenChange={setPaletteOpen} group={t.commands.application} {...search} />
    </AppShell>
  );
}

/** The page, or the right that it needs. */
function AllowedPage({ staff }: { staff: Staff }) {
  const t = useShellTexts();
  const kit = useKitTexts();
  const missing = useMatches({
    select: (matches) => matches.map(({ staticData }) => missingPermission(staff, staticData)).find(Boolean),
  });
  if (missing) {
    return (
      <Page title={kit.empty.noRight}>
        <NoRight>{t.needsRight(missing)}</NoRight>
      </Page>
    );
  }
  return (
    <Suspense>
      <Outlet />
    </Suspense>
  );
}
