import { CommandProvider, ConfirmProvider, LanguageProvider, Toasts } from '@switchboard/ui';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { queryClient } from './http/api';
import { router } from './routes';

export const App = () => (
  <LanguageProvider>
    <QueryClientProvider client={queryClient}>
      <CommandProvider>
        <ConfirmProvider>
          <RouterProvider router={router} />
          <Toasts />
        </ConfirmProvider>
      </CommandProvider>
    </QueryClientProvider>
  </LanguageProvider>
);
