import { Outlet, useRouter } from '@tanstack/react-router';
import { RouterProvider } from 'react-aria-components';

/** Links of the kit lead through the router; to what is none of its pages (files, the page of the API) as links do everywhere. */
export function Root() {
  const router = useRouter();
  return (
    <RouterProvider navigate={(href) => (isPage(href) ? void router.navigate({ href }) : window.location.assign(href))}>
      <Outlet />
    </RouterProvider>
  );
}

const isPage = (href: string): boolean => /^\/(console|me|shop)(?![^/?#])/.test(href);
