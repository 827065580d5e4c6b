import { useLocation, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

/** Leads whoever is not signed in to the page where they do that, and from there to where they wanted to go. */
export function SignInFirst({ page }: { page: '/console/sign-in' | '/me/sign-in' }) {
  const { navigate } = useRouter();
  const { href } = useLocation();
  // The address changes before that page is loaded, and is then no place where anybody wanted to go.
  const [wanted] = useState(href);
  useEffect(() => {
    void navigate({ to: page, search: { to: wanted }, replace: true });
  }, [navigate, page, wanted]);
  return null;
}
