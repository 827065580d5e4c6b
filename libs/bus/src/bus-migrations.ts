import { BusTables1764000000000 } from './bus-tables.migration';
import { CrashLoops1795300000000 } from './crash-loops.migration';
import { DiscardsAndTopology1795200000000 } from './discards-and-topology.migration';

/** What brings a service's schema to the tables of the backbone. */
export const busMigrations = [BusTables1764000000000, DiscardsAndTopology1795200000000, CrashLoops1795300000000];
