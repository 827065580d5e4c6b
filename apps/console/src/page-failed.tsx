import { ProblemState } from '@switchboard/ui';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';

/** A page that could not be loaded or drawn. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <ProblemState
      error={error}
      retry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
