import { runApps } from '@switchboard/service-kit';
import { definedServices } from '../../services.mts';
import { breakOnPurpose, type BrokenBuild } from './broken-builds.mts';

// A process of the drill: those services that SHOP_SERVICES names, as their own `main.ts` would run them.
const { SHOP_SERVICES = '', DRILL_BROKEN } = process.env;
if (DRILL_BROKEN) await breakOnPurpose(DRILL_BROKEN as BrokenBuild);
await runApps(await definedServices(SHOP_SERVICES.split(',')));
