import { gatewayStaffListOptions } from '@switchboard/api-client';
import { Card, IconButton, remembered, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { BookOpen, Bot, CircleCheck, FileText, UserPlus, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-aria-components';
import { allBots } from '../bots/bots.api';
import { useStaff } from '../session';
import { useOverviewTexts } from './overview.texts';

const closed = remembered('switchboard.first-steps', ['closed']);

/** What to do on an empty installation; it goes when a bot and a colleague are there, or when it is closed. */
export function FirstSteps() {
  const t = useOverviewTexts();
  const kit = useKitTexts();
  const staff = useStaff();
  const [isClosed, setClosed] = useState(closed.read() === 'closed');
  const isOwner = ['bots:write', 'secrets:write', 'staff:write'].every((permission) =>
    staff.canWithAllBots(permission),
  );
  const isShown = isOwner && !isClosed;
  const bots = useQuery({ ...allBots(), enabled: isShown });
  const members = useQuery({ ...gatewayStaffListOptions({ query: { limit: 2 } }), enabled: isShown });
  const own = bots.data?.data.find(({ describedBy }) => describedBy === 'gateway');
  const hasColleagues = (members.data?.data.length ?? 0) > 1;
  const first = own?.id ?? bots.data?.data[0]?.id;
  if (!isShown || !bots.data || !members.data || (first && hasColleagues)) return null;
  const steps = [
    { id: 'bot', href: '/console/bots/new', icon: <Bot />, done: first !== undefined },
    { id: 'prompt', href: `/console/prompts${first ? `/${first}` : ''}`, icon: <FileText />, done: false },
    { id: 'knowledge', href: `/console/knowledge${first ? `/${first}` : ''}`, icon: <BookOpen />, done: false },
    { id: 'staff', href: '/console/staff', icon: <UserPlus />, done: hasColleagues },
  ] as const;
  return (
    <Card
      title={t.firstSteps}
      about={t.firstStepsAbout}
      actions={
        <IconButton
          label={kit.close}
          icon={<X />}
          size="small"
          onPress={() => {
            closed.write('closed');
            setClosed(true);
          }}
        />
      }
    >
      <div className="first-steps">
        {steps.map(({ id, href, icon, done }) => (
          <Link key={id} href={href} data-done={done || undefined}>
            {done ? <CircleCheck /> : icon}
            <b>{t.steps[id].title}</b>
            <span>{t.steps[id].text}</span>
          </Link>
        ))}
      </div>
    </Card>
  );
}
