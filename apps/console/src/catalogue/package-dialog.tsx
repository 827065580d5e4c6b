import { type PaymentsPackage, paymentsPackagesChange, paymentsPackagesCreate } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  NumberField,
  notify,
  RadioGroup,
  Stack,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { PriceFields, pricesIn } from '../shop/price-fields';
import { useCatalogueTexts } from './catalogue.texts';
import { FeatureFields, featureRowsOf, featuresOf } from './feature-fields';
import { NameFields, namesIn } from './name-fields';

const lengths = ['period', 'subscription'] as const;

/** Makes a package or changes one. */
export function PackageDialog({
  botId,
  present,
  onClose,
}: {
  botId: string;
  present?: PaymentsPackage;
  onClose: () => void;
}) {
  const t = useCatalogueTexts();
  const kit = useKitTexts();
  const [adds, setAdds] = useState(featureRowsOf(present?.adds ?? {}));
  const form = useForm({
    send: (values, key) => {
      const body = {
        ...{ name: namesIn(values, 'name'), prices: pricesIn(values, 'prices'), adds: featuresOf(adds) },
        lasts: lengths.find((one) => one === values.text('lasts')) ?? 'period',
        position: values.number('position') ?? 0,
      };
      return present
        ? paymentsPackagesChange({
            path: { packageId: present.id },
            headers: { 'If-Match': etagOf(present.revision) },
            body,
          })
        : paymentsPackagesCreate({
            headers: { 'Idempotency-Key': key },
            body: { ...body, botId, code: values.text('code') },
          });
    },
    done: () => {
      notify({ text: t.saved });
      void refresh('paymentsPackages');
      onClose();
    },
  });
  return (
    <Dialog
      title={present ? t.package : t.newPackage}
      about={t.packagesAbout}
      width="wide"
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <NameFields name="name" labels={[t.nameEn, t.nameRu]} texts={present?.name} isRequired />
          {!present && (
            <TextField
              name="code"
              label={t.code}
              hint={t.codeHint}
              pattern="[a-z0-9][a-z0-9\-]*"
              maxLength={40}
              isRequired
              mono
            />
          )}
          <PriceFields name="prices" prices={present?.prices ?? {}} />
          <Stack gap={8}>
            <h3>{t.adds}</h3>
            <FeatureFields rows={adds} onChange={setAdds} />
          </Stack>
          <RadioGroup
            name="lasts"
            label={t.lasts}
            defaultValue={present?.lasts ?? 'period'}
            choices={lengths.map((id) => ({ id, label: t.lastsFor[id] }))}
          />
          <NumberField
            name="position"
            label={t.position}
            hint={t.positionHint}
            defaultValue={present?.position ?? 0}
            minValue={0}
            maxValue={10_000}
            isRequired
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
