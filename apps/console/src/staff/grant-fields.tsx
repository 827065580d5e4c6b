import { gatewayRolesListOptions, type GatewayGrant } from '@switchboard/api-client';
import { Button, DateField, IconButton, Select, Stack } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useBots } from '../bots/bots.api';
import { dayOf } from '../period/days';
import { useRoleTexts } from '../staff-names/roles.texts';
import { useStaffTexts } from './staff.texts';

const ALL = '*';

/** Roles, each for everything or for one bot, for good or until a day. */
export function GrantFields({
  grants,
  onChange,
}: {
  grants: readonly GatewayGrant[];
  onChange: (grants: GatewayGrant[]) => void;
}) {
  const t = useStaffTexts();
  const { rolesOf } = useRoleTexts();
  const bots = useBots();
  const { data } = useQuery(gatewayRolesListOptions());
  const roles = data?.roles.map(({ name }) => ({ id: name, label: rolesOf([name]) })) ?? [];
  const change = (index: number, changes: Partial<GatewayGrant>) =>
    onChange(grants.map((grant, i) => (i === index ? { ...grant, ...changes } : grant)));
  return (
    <Stack gap={12}>
      {grants.map(({ role, botId, until }, i) => (
        <div key={i} className="grant">
          <Select
            label={t.role}
            name={`grants.${i}.role`}
            value={role}
            onChange={(id) => change(i, { role: id })}
            choices={roles}
          />
          <Select
            label={t.forBot}
            name={`grants.${i}.botId`}
            value={botId ?? ALL}
            onChange={(id) => change(i, { botId: id === ALL ? null : id })}
            choices={[{ id: ALL, label: t.allBots }, ...bots.map(({ id, name }) => ({ id, label: name }))]}
          />
          <DateField
            label={t.until}
            name={`grants.${i}.until`}
            value={until && dayOf(new Date(until))}
            min={dayOf(new Date())}
            onChange={(day) => change(i, { until: day && new Date(`${day}T23:59:59`).toISOString() })}
            optional
          />
          <IconButton
            label={`${t.removeGrant}: ${rolesOf([role])}`}
            icon={<X />}
            onPress={() => onChange(grants.filter((_, index) => index !== i))}
          />
        </div>
      ))}
      <div>
        <Button
          size="small"
          icon={<Plus />}
          onPress={() => onChange([...grants, { role: 'analyst', botId: null, until: null }])}
        >
          {t.addGrant}
        </Button>
      </div>
    </Stack>
  );
}
