import { runApps } from '@switchboard/service-kit';
import { definedServices } from '../../services.mts';
import { breakOnPurpose, type BrokenBuild } from './broken-builds.mts';

// A process of the drill: those services that DRILL_SERVICES names, as their own `main.ts` would run them.
const { DRILL_SERVICES = '', DRILL_BROKEN } = process.env;
const names = DRILL_SERVICES.split(',');
if (DRILL_BROKEN) await breakOnPurpose(DRILL_BROKEN as BrokenBuild);
await runApps((await definedServices()).filter(({ name }) => names.includes(name)));
