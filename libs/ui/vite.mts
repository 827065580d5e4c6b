import optimizeLocales from '@react-aria/optimize-locales-plugin';
import type { Plugin } from 'vite';

/** What an app that uses the kit needs of its bundler. */
export function kit(): Plugin[] {
  return [
    // Texts of React Aria in the languages that we speak: a quarter of its size.
    { ...(optimizeLocales.vite({ locales: ['en-US', 'ru-RU'] }) as Plugin), enforce: 'pre' },
    layerOrder(),
  ];
}

/** The first mention of a layer decides its place, and bundlers sort styles by chunks. Source: tokens.css. */
function layerOrder(): Plugin {
  return {
    name: 'layer-order',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === 'asset' && file.fileName.endsWith('.css'))
            file.source = `@layer reset,tokens,ui,app;${String(file.source)}`;
        }
      },
    },
  };
}
