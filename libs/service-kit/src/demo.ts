import { DomainError } from './errors';

class DemoRefused extends DomainError {
  constructor(service: string) {
    super(`${service}.demo_refused`, 'There is no demo company in production', 403);
  }
}

/** @throws DomainError `<service>.demo_refused` in production, where nobody is to be made up */
export function refuseDemoInProduction(service: string, { NODE_ENV }: { readonly NODE_ENV: string }): void {
  if (NODE_ENV === 'production') throw new DemoRefused(service);
}

/** In SQL: whether an id is of something that was made up, by the version that `DemoId` of the contracts gives it. */
export const isDemo = (column: string): string => `substr(${column}::text, 15, 1) = '8'`;
