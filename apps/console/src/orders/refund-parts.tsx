import type { PaymentsRefund } from '@switchboard/api-client';
import { Ago, type Column, useFormats, wordOf } from '@switchboard/ui';
import { RefundState } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { StaffName } from '../staff-names/staff-names';
import { useOrderTexts } from './orders.texts';

/** A refund in a list, be it of all orders or of one. */
export function useRefundColumns(): Column<PaymentsRefund>[] {
  const t = useOrderTexts();
  const words = useShopWords();
  const formats = useFormats();
  return [
    {
      ...{ id: 'amount', title: words.amount },
      cell: (refund) => (
        <span className="two-lines">
          <span>{formats.money(refund)}</span>
          {refund.toBalance && <small>{t.toBalance}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '140px', phone: 'state' },
      cell: ({ state }) => <RefundState state={state} />,
    },
    {
      ...{ id: 'cause', title: t.cause, width: '220px' },
      cell: ({ cause, reason }) => (
        <span className="two-lines" title={reason ?? undefined}>
          <span>{wordOf(words.causes, cause)}</span>
          {reason && <small>{reason}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'by', title: t.askedBy, width: '150px' },
      cell: ({ askedBy }) =>
        askedBy in words.providers ? wordOf(words.providers, askedBy) : <StaffName id={askedBy} />,
    },
    { id: 'sent', title: t.sent, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
}
