import { problemOf } from '@switchboard/ui';

const OFTEN_MS = 2000;
const SELDOM_MS = 15_000;
/** Two minutes in which somebody may be looking, then an hour in which the page was left open: whoever comes back to it asks anew. */
const OFTEN = 60;
const SELDOM = 240;

interface Asked<Data> {
  readonly state: {
    readonly data: Data | undefined;
    readonly error: unknown;
    readonly dataUpdateCount: number;
    readonly errorUpdateCount: number;
  };
}

/** How long a query waits until it asks again for what is under way: ever more seldom, and no more once it is refused. */
export const askedAgain =
  <Data>(isUnderWay: (data: Data) => boolean, oftenMs = OFTEN_MS) =>
  ({ state: { data, error, dataUpdateCount, errorUpdateCount } }: Asked<Data>): number | false => {
    const asked = dataUpdateCount + errorUpdateCount;
    const isRefused = error && (problemOf(error)?.status ?? 503) < 500;
    if (data === undefined || isRefused || asked > OFTEN + SELDOM || !isUnderWay(data)) return false;
    return asked < OFTEN ? oftenMs : Math.max(oftenMs, SELDOM_MS);
  };
