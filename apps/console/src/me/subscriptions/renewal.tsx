import { paymentsSubscriptionsChangeMine } from '@switchboard/api-client';
import { Button, Card, notify, Switch, useConfirm, useFormats } from '@switchboard/ui';
import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../../http/api';
import type { Subscription } from '../shop/shop.api';
import { useSubscriptionsTexts } from './subscriptions.texts';

/** Whether it goes on by itself, and whether it rests. */
export function Renewal({ subscription }: { subscription: Subscription }) {
  const t = useSubscriptionsTexts().renewal;
  const formats = useFormats();
  const confirm = useConfirm();
  const { id, revision, status, autoRenew, nextCharge, renewsWith, pausable, use } = subscription;
  /** What was wished for, until the answer is here. */
  const [wished, setWished] = useState<{ autoRenew?: boolean; paused?: boolean }>();
  const change = async (wish: { autoRenew?: boolean; paused?: boolean }, done: string) => {
    setWished(wish);
    await paymentsSubscriptionsChangeMine({
      path: { subscriptionId: id },
      headers: { 'If-Match': etagOf(revision) },
      body: wish,
    })
      .then(() => notify({ text: done }))
      .catch(tellProblem);
    await refresh('payments', 'vpnProvisionerAccesses');
    setWished(undefined);
  };
  const pause = async () => {
    const question = { title: t.pauseTitle, text: t.pauseText, action: t.pause };
    if ((await confirm(question)) !== undefined) await change({ paused: true }, t.paused);
  };
  const hint = () => {
    if (!autoRenew) return t.off;
    if (!nextCharge) return t.on;
    const [amount, day] = [formats.price(nextCharge), formats.date(nextCharge.at)];
    const ofIt = use && use.owedMinor > 0 ? t.ofItUse(formats.price({ ...use, amountMinor: use.owedMinor })) : '';
    return (renewsWith ? t.nextWith(amount, day, renewsWith) : t.next(amount, day)) + ofIt;
  };
  const isPaused = status === 'paused';
  return (
    <Card title={t.title}>
      <Switch
        isSelected={wished?.autoRenew ?? autoRenew}
        isDisabled={wished !== undefined}
        onChange={(on) => void change({ autoRenew: on }, on ? t.turnedOn : t.turnedOff)}
        hint={hint()}
      >
        {t.auto}
      </Switch>
      {(pausable || isPaused) && (
        <div>
          <Button
            icon={isPaused ? <Play /> : <Pause />}
            isPending={wished?.paused !== undefined}
            onPress={() => void (isPaused ? change({ paused: false }, t.resumed) : pause())}
          >
            {isPaused ? t.resume : t.pause}
          </Button>
        </div>
      )}
    </Card>
  );
}
