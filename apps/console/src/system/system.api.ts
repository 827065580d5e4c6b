import { serviceKitSystemReadOptions, type ServiceKitSystemReadResponse } from '@switchboard/api-client';
import { useQueries } from '@tanstack/react-query';
import { type Service, services } from '../services';

export type { Service } from '../services';
export type System = ServiceKitSystemReadResponse;

/** One of the services, with what it tells of itself; `undefined` until it answers. */
export interface KnownService {
  readonly service: Service;
  readonly system: System | undefined;
  readonly error: unknown;
}

const RENEWED_EVERY_MS = 10_000;

/** All services as they are now; one that does not answer keeps none of the others back. */
export function useSystem(): { all: readonly KnownService[]; isLoading: boolean } {
  const answers = useQueries({
    queries: services.map((service) => ({
      ...serviceKitSystemReadOptions({ path: { service } }),
      refetchInterval: RENEWED_EVERY_MS,
      retry: false,
    })),
  });
  return {
    all: services.map((service, i) => ({
      service,
      system: answers[i]?.data,
      error: answers[i]?.error ?? undefined,
    })),
    isLoading: answers.some(({ isLoading }) => isLoading),
  };
}
