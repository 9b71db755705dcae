import preact from '@preact/preset-vite'
import { defineConfig } from 'vitest/config'
import { words } from './words_plugin.ts'

const HUB = process.env.HUB ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/static/',
  plugins: [preact({ devToolsEnabled: false }), words()],
  build: {
    outDir: '../viewer_api/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: '.',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What all pages share is one file, whatever else a part that comes late may need of it.
        codeSplitting: {
          groups: [{ name: 'shell', test: /\/(preact|src\/shell)\// }],
        },
        // A page's chunk is named for its folder.
        chunkFileNames: ({ name, facadeModuleId }) => {
          const folder = facadeModuleId?.match(/\/([a-z]+)\/page\.tsx$/)?.[1]
          return `${folder ?? name}-[hash].js`
        },
      },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': HUB, '/dicom-web': HUB } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
