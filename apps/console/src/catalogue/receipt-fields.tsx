import type { PaymentsReceiptTerms } from '@switchboard/api-client';
import { Button, Card, DateField, type FormValues, IconButton, Select, TextField } from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { lastDays } from '../period/days';
import { useCatalogueTexts } from './catalogue.texts';

const NO_VAT = '1';

export function receiptIn(values: FormValues): PaymentsReceiptTerms {
  const codes = values.list('vat code');
  const vat = values.list('vat from').map((from, i) => ({ from, code: Number(codes[i]) }));
  const subject = values.optional('receipt.subject');
  return { ...(vat.length > 0 && { vat }), ...(subject && { subject }) };
}

/** What stands on receipts by Russian law; elsewhere it stays empty. */
export function ReceiptFields({ receipt, isDisabled }: { receipt: PaymentsReceiptTerms; isDisabled?: boolean }) {
  const t = useCatalogueTexts();
  const [rows, setRows] = useState(
    (receipt.vat ?? []).map(({ from, code }) => ({ id: crypto.randomUUID(), from, code: String(code) })),
  );
  const change = (id: string, changes: Partial<(typeof rows)[number]>) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...changes } : row)));
  return (
    <Card title={t.receipts} about={t.receiptsAbout}>
      {rows.map(({ id, from, code }) => (
        <div key={id} className="price-field">
          <input type="hidden" name="vat from" value={from} />
          <input type="hidden" name="vat code" value={code} />
          <Select
            label={t.vat}
            value={code}
            onChange={(next) => change(id, { code: next })}
            choices={Object.entries(t.vatCodes).map(([one, label]) => ({ id: one, label }))}
            disabled={isDisabled}
          />
          {isDisabled ? (
            <TextField label={t.vatFrom} value={from} isDisabled />
          ) : (
            <DateField label={t.vatFrom} value={from} onChange={(day) => day && change(id, { from: day })} />
          )}
          {!isDisabled && (
            <IconButton label={t.removeVat} icon={<X />} onPress={() => setRows(rows.filter((row) => row.id !== id))} />
          )}
        </div>
      ))}
      {!isDisabled && (
        <div>
          <Button
            size="small"
            icon={<Plus />}
            onPress={() => setRows([...rows, { id: crypto.randomUUID(), from: lastDays(1).from, code: NO_VAT }])}
          >
            {t.addVat}
          </Button>
        </div>
      )}
      <TextField
        name="receipt.subject"
        label={t.subject}
        hint={t.subjectHint}
        defaultValue={receipt.subject}
        maxLength={40}
        isDisabled={isDisabled}
        optional
        mono
      />
    </Card>
  );
}
