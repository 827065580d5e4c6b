import { paymentsOrdersRefund, type PaymentsOrdersReadResponse } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  MoneyField,
  notify,
  RadioGroup,
  SubmitButton,
  TextArea,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { refresh } from '../http/api';
import { refundedAlone } from '../shop/approval-limits';
import { useShopWords } from '../shop/shop.texts';
import { useOrderTexts } from './orders.texts';

export function RefundDialog({ order: present, onClose }: { order: PaymentsOrdersReadResponse; onClose: () => void }) {
  const t = useOrderTexts();
  const words = useShopWords();
  const kit = useKitTexts();
  const formats = useFormats();
  // What is asked for stays the same when the order is read anew meanwhile.
  const [{ id: orderId, currency, refundableMinor, invoices }] = useState(present);
  // What was paid by the balance alone came from no card.
  const wheres = invoices.some(({ state }) => state === 'paid')
    ? (['source', 'balance'] as const)
    : (['balance'] as const);
  const [amountMinor, setAmount] = useState<number | undefined>(refundableMinor);
  const alone = refundedAlone[currency] ?? 0;
  const form = useForm({
    send: (values, key) =>
      paymentsOrdersRefund({
        path: { orderId },
        headers: { 'Idempotency-Key': key },
        body: {
          amountMinor: values.money('amountMinor', currency) ?? 0,
          currency,
          toBalance: values.text('where') === 'balance',
          reason: values.text('reason'),
        },
      }),
    done: () => {
      notify({ text: t.asked });
      void refresh('paymentsOrders', 'paymentsRefunds');
      onClose();
    },
  });
  return (
    <Dialog
      title={t.refundTitle}
      about={t.refundAbout(formats.money({ amountMinor: refundableMinor, currency }))}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <MoneyField
            name="amountMinor"
            label={words.amount}
            hint={amountMinor === refundableMinor ? t.whole : t.part}
            currency={currency}
            defaultMinor={refundableMinor}
            maxMinor={refundableMinor}
            onChange={setAmount}
            isRequired
            autoFocus
          />
          {amountMinor !== undefined && amountMinor > alone && (
            <p className="note" role="status">
              {words.needsSecond(formats.money({ amountMinor: alone, currency }))}
            </p>
          )}
          <RadioGroup
            name="where"
            label={t.where}
            defaultValue={wheres[0]}
            cards
            choices={wheres.map((id) => ({ id, label: t.wheres[id], hint: t.whereHints[id] }))}
          />
          <TextArea
            name="reason"
            label={t.reason}
            hint={t.reasonHint}
            minLength={3}
            maxLength={500}
            rows={2}
            isRequired
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} look="danger">
            {t.refund}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
