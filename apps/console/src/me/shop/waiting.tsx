import { Spinner } from '@switchboard/ui';
import type { ReactNode } from 'react';
import './shop.css';

/** What is waited for: the page asks by itself. */
export const Waiting = ({ children }: { children: ReactNode }) => (
  <p className="shop-waiting">
    <Spinner />
    {children}
  </p>
);
