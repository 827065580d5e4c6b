import { kit } from '@switchboard/ui/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The gateway serves the page under /console/, and the same page under /me.
// While developing, `vite apps/console` takes the API from an installation that runs beside it.
export default defineConfig({
  base: '/console/',
  plugins: [react(), kit()],
  build: {
    outDir: 'dist',
    // Read by budgets.spec.ts.
    manifest: true,
    emptyOutDir: true,
    target: 'es2024',
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
  },
  server: { proxy: { '/v1': process.env.GATEWAY_URL ?? 'http://127.0.0.1:4080' } },
});
