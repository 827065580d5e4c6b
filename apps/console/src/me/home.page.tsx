import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useMyBots } from './shop/shop.api';

/** Who has something that they pay for, or was sent here by a bot that sells, comes for that; everybody else for their month. */
export function HomePage() {
  const { navigate } = useRouter();
  const { bots, isPending } = useMyBots();
  const page = bots.length > 0 ? '/me/subscriptions' : '/me/month';
  useEffect(() => {
    if (!isPending) void navigate({ to: page, search: true, replace: true });
  }, [isPending, navigate, page]);
  return null;
}
