import { vpnProvisionerServersListOptions } from '@switchboard/api-client';
import { Button, Filters, FilterSelect } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ArrowRightLeft } from 'lucide-react';
import { useState } from 'react';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { MigrationTable, migrationStates } from './migration-table';
import { useMigrationTexts } from './migrations.texts';
import { NewMigrationDialog } from './new-migration-dialog';

/** People who are moved from server to server. */
export function Migrations() {
  const t = useMigrationTexts();
  const set = useSetSearch();
  const { server, ...search } = useSearch({ from: '/console/servers' });
  const state = oneOf(migrationStates, search.state);
  const mayWrite = useStaff().canWithAllBots('servers:write');
  const [planning, setPlanning] = useState(false);
  const { data } = useQuery(vpnProvisionerServersListOptions());
  return (
    <>
      <Filters
        set={[server, state].filter(Boolean).length}
        end={
          mayWrite && (
            <Button look="primary" icon={<ArrowRightLeft />} onPress={() => setPlanning(true)}>
              {t.new}
            </Button>
          )
        }
      >
        <FilterSelect
          label={t.server}
          any={t.anyServer}
          value={server}
          onChange={(id) => set({ server: id })}
          choices={(data?.data ?? []).map(({ id, name }) => ({ id, label: name }))}
        />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={migrationStates.map((id) => ({ id, label: t.states[id] }))}
        />
      </Filters>
      <MigrationTable serverId={server} state={state} />
      {planning && <NewMigrationDialog fromServerId={server} onClose={() => setPlanning(false)} />}
    </>
  );
}
