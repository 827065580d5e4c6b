import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { lazyPart } from '../lazy-part';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { OrderList } from './order-list';
import { useOrderTexts } from './orders.texts';

const RefundList = lazyPart(() => import('./refund-list'), 'RefundList');

export function OrdersPage() {
  const t = useOrderTexts();
  const staff = useStaff();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/orders' });
  const tabs = [
    { id: 'orders', title: t.tabs.orders, needs: 'orders:read', content: <OrderList /> },
    { id: 'refunds', title: t.tabs.refunds, needs: 'refunds:read', content: <RefundList /> },
  ].filter(({ needs }) => staff.can(needs));
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={tabs.find(({ id }) => id === tab)?.id ?? tabs[0]?.id ?? 'orders'}
        onSelect={(id) => set({ tab: id, q: undefined, person: undefined, state: undefined, provider: undefined })}
        tabs={tabs}
      />
    </Page>
  );
}
