// Gives each page only its own words: `virtual:words` loads the keys of one language that begin with one prefix.
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const LANGUAGES = ['zh', 'en']
const MODULE = 'virtual:words'
const PART = /^\0virtual:words\/(zh|en)\/([a-z]+)$/

function wordsOf(language: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`src/words/${language}.json`, import.meta.url), 'utf-8'))
}

export function words(): Plugin {
  return {
    name: 'words',
    resolveId: (id) => (id.startsWith(MODULE) ? `\0${id}` : undefined),
    load(id) {
      if (id === `\0${MODULE}`) {
        const parts = [...new Set(Object.keys(wordsOf('en')).map((key) => key.split('.')[0]))]
        const loaders = LANGUAGES.map((language) => {
          const each = parts.map((part) => `${part}: () => import('${MODULE}/${language}/${part}')`)
          return `${language}: { ${each.join(', ')} }`
        })
        return `export const loaders = { ${loaders.join(', ')} }`
      }
      const [, language, part] = PART.exec(id) ?? []
      if (!language) return undefined
      const own = Object.entries(wordsOf(language)).filter(([key]) => key.startsWith(`${part}.`))
      return `export default ${JSON.stringify(Object.fromEntries(own))}`
    },
  }
}
