// Fails where a page has grown heavier than a slow line bears: kilobytes of gzip, in one language.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const OUT = new URL('../viewer_api/static/', import.meta.url)
const BUDGETS = { shell: 15, read: 60, send: 30, clinic: 30, cases: 30, view: 60, admin: 30, account: 20 }
const manifest = JSON.parse(readFileSync(new URL('manifest.json', OUT), 'utf-8'))
const words = (part) => `words/zh/${part}`

function weight(file) {
  return gzipSync(readFileSync(new URL(file, OUT)), { level: 9 }).length
}

function filesOf(key, found = new Set()) {
  const entry = manifest[key]
  if (!entry || found.has(entry.file)) return found
  found.add(entry.file)
  for (const style of entry.css ?? []) found.add(style)
  for (const other of entry.imports ?? []) filesOf(other, found)
  return found
}

const wordsKey = (part) => Object.keys(manifest).find((key) => key.endsWith(words(part)))
const shell = filesOf('index.html')
filesOf(wordsKey('shell'), shell)
let failed = false
for (const [page, limit] of Object.entries(BUDGETS)) {
  const files = page === 'shell' ? shell : new Set(shell)
  if (page !== 'shell') {
    filesOf(`src/${page}/page.tsx`, files)
    // The images are loaded after the list, and weigh all the same.
    if (page === 'read') filesOf('src/viewer/Viewer.tsx', files)
    for (const part of page === 'read' || page === 'view' ? [page, 'viewer', 'keys'] : [page]) {
      if (wordsKey(part)) filesOf(wordsKey(part), files)
    }
  }
  const bytes = [...files].reduce(
    (sum, file) => sum + weight(file),
    page === 'shell' ? weight('index.html') : 0,
  )
  const kilobytes = bytes / 1000
  if (kilobytes > limit) failed = true
  console.log(
    `${page.padEnd(8)} ${kilobytes.toFixed(1).padStart(6)} kB of ${limit} kB${kilobytes > limit ? '  TOO HEAVY' : ''}`,
  )
}
process.exit(failed ? 1 : 0)
