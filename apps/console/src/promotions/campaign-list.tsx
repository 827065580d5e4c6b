import {
  type PaymentsCampaign,
  paymentsCampaignsCreate,
  paymentsCampaignsEnd,
  paymentsCampaignsListOptions,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Filters,
  Form,
  FormProblem,
  notify,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CircleStop, Link2, Plus } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useStaff } from '../session';
import { useMoneyList } from '../shop/shop-parts';
import { usePromotionTexts } from './promotions.texts';

export function CampaignList({ botId }: { botId: string }) {
  const t = usePromotionTexts();
  const sumsOf = useMoneyList();
  const formats = useFormats();
  const confirm = useConfirm();
  const { after } = useSearch({ from: '/console/promotions/$botId' });
  const mayWrite = useStaff().can('promotions:write', botId);
  const [making, setMaking] = useState(false);
  const { list } = useList(paymentsCampaignsListOptions({ query: { botId, after, limit: 50 } }));
  const end = async ({ id, title }: PaymentsCampaign) => {
    const question = {
      title: t.endCampaignTitle(title),
      text: t.endCampaignText,
      action: t.end,
      look: 'danger' as const,
    };
    if ((await confirm(question)) === undefined) return;
    await paymentsCampaignsEnd({ path: { campaignId: id } })
      .then(() => notify({ text: t.ended }))
      .catch(tellProblem);
    await refresh('paymentsCampaigns');
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>
      {t.newCampaign}
    </Button>
  );
  const columns: Column<PaymentsCampaign>[] = [
    { id: 'title', title: t.name, cell: ({ title }) => title },
    {
      ...{ id: 'state', title: t.state, width: '120px', phone: 'state' },
      cell: ({ endedAt }) => (
        <Badge dot tone={endedAt ? 'neutral' : 'good'}>
          {endedAt ? t.states.ended : t.states.live}
        </Badge>
      ),
    },
    {
      ...{ id: 'link', title: t.link, width: '260px' },
      cell: ({ url, name }) => (url ? <CodeLine text={url} /> : <code>{name}</code>),
    },
    {
      ...{ id: 'people', title: t.people, width: '100px', align: 'end' },
      cell: ({ results }) => formats.number(results.people),
    },
    {
      ...{ id: 'buyers', title: t.buyers, width: '120px', align: 'end' },
      cell: ({ results }) => formats.number(results.buyers),
    },
    {
      ...{ id: 'orders', title: t.orders, width: '100px', align: 'end' },
      cell: ({ results }) => formats.number(results.orders),
    },
    {
      ...{ id: 'revenue', title: t.revenue, width: '140px', align: 'end' },
      cell: ({ results }) => sumsOf(results.revenue) || '–',
    },
    {
      ...{ id: 'refunds', title: t.refunds, width: '130px', align: 'end', phone: 'never' },
      cell: ({ results }) => sumsOf(results.refunds) || '–',
    },
  ];
  return (
    <>
      <Filters end={newButton} />
      <DataTable
        label={t.tabs.campaigns}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ title }) => title}
        actions={
          mayWrite
            ? (campaign) => [
                {
                  id: 'end',
                  entries: campaign.endedAt
                    ? []
                    : [
                        {
                          ...{ id: 'end', label: t.end, icon: <CircleStop />, look: 'danger' },
                          onAction: () => void end(campaign),
                        },
                      ],
                },
              ]
            : undefined
        }
        empty={
          <Empty icon={<Link2 />} title={t.noCampaigns} action={newButton}>
            {t.noCampaignsText}
          </Empty>
        }
      />
      {making && <CampaignDialog botId={botId} onClose={() => setMaking(false)} />}
    </>
  );
}

function CampaignDialog({ botId, onClose }: { botId: string; onClose: () => void }) {
  const t = usePromotionTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: (values, key) =>
      paymentsCampaignsCreate({
        headers: { 'Idempotency-Key': key },
        body: { botId, name: values.text('name'), title: values.text('title') },
      }),
    done: () => {
      notify({ text: t.made });
      void refresh('paymentsCampaigns');
      onClose();
    },
  });
  return (
    <Dialog title={t.newCampaign} about={t.campaignAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="title" label={t.name} hint={t.nameHint} maxLength={120} isRequired autoFocus />
          <TextField
            name="name"
            label={t.linkName}
            hint={t.linkNameHint}
            pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
            maxLength={64}
            isRequired
            mono
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.make}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
