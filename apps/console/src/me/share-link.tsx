import { Button, CopyButton } from '@switchboard/ui';
import { Share2 } from 'lucide-react';
import { useMeTexts } from './me.texts';

/** A link to be passed on: copied, or given to whatever app the device has for that. */
export function ShareLink({ link }: { link: string }) {
  const t = useMeTexts();
  return (
    <div className="me-share">
      <code>{link}</code>
      <div className="ui-row">
        <CopyButton text={link}>{t.copyLink}</CopyButton>
        {'share' in navigator && (
          <Button
            icon={<Share2 />}
            // Whoever closes the sheet has shared nothing, and nothing has failed.
            onPress={() => void navigator.share({ url: link }).catch(() => undefined)}
          >
            {t.share}
          </Button>
        )}
      </div>
    </div>
  );
}
