import type { ReactElement, ReactNode } from 'react';
import { Tooltip as AriaTooltip, TooltipTrigger } from 'react-aria-components';
import './tooltip.css';

/** Words for what is only drawn. Its child must be something that takes the focus. */
export function Tooltip({ text, keys, children }: { text: ReactNode; keys?: ReactNode; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {children}
      <AriaTooltip className="ui-tooltip" offset={6}>
        {text}
        {keys}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
