import { Page, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useNavigate } from '@tanstack/react-router';
import { Suspense } from 'react';
import { lazyPart } from '../lazy-part';
import { useBroadcastTexts } from './broadcasts.texts';
import './broadcasts.css';

const BroadcastForm = lazyPart(() => import('./broadcast-form'), 'BroadcastForm');

export function NewBroadcastPage() {
  const t = useBroadcastTexts();
  const kit = useKitTexts();
  const navigate = useNavigate();
  return (
    <Page title={t.new} way={[{ title: t.title, href: '/console/broadcasts' }]}>
      <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
        <BroadcastForm
          onSaved={({ id }) =>
            void navigate({
              to: '/console/broadcasts/$broadcastId',
              params: { broadcastId: id },
              replace: true,
              // Nothing is left unsaved.
              ignoreBlocker: true,
            })
          }
        />
      </Suspense>
    </Page>
  );
}
