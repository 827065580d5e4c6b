import { Page } from '@switchboard/ui';

export function OverviewPage() {
  return <Page title="Overview">{null}</Page>;
}
