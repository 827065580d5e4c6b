import { CircleAlert, CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';

/** What a check has found. */
export const Finding = ({ severity, children }: { severity: string; children: ReactNode }) => (
  <li data-severity={severity}>
    {severity === 'info' ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
    <span>{children}</span>
  </li>
);
