import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../words/en.json'
import zh from '../words/zh.json'
import { filled, preferredLanguage } from './words'

const SOURCES = join(import.meta.dirname, '..')
const KEY = /['"`]([a-z]+\.[a-z0-9.-]+)['"`]/g
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.tsx?$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf-8'))
}

describe('the words', () => {
  it('are there in both languages, with the same places for values', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en))
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect([key, placeholders(zh[key])]).toEqual([key, placeholders(en[key])])
      expect([key, zh[key].trim() !== '' && en[key].trim() !== '']).toEqual([key, true])
    }
  })

  it('are sorted, so that two who add to them seldom meet', () => {
    expect(Object.keys(en)).toEqual([...Object.keys(en)].sort())
  })

  it('exist for every key that is used', () => {
    const prefixes = new Set(Object.keys(en).map((key) => key.split('.')[0]))
    const used = sources(SOURCES).flatMap((text) => [...text.matchAll(KEY)].map((found) => found[1] ?? ''))
    const missing = used.filter((key) => prefixes.has(key.split('.')[0]) && !(key in en))
    expect(missing).toEqual([])
  })

  it('keep what is not given, and never run it', () => {
    expect(filled('{count} of {all}', { count: 3 })).toBe('3 of {all}')
    expect(filled('{name}', { name: '<b>{all}' })).toBe('<b>{all}')
  })
})

describe('the language', () => {
  it.each([
    [null, ['en-GB', 'zh-CN'], 'en'],
    [null, ['de-DE', 'zh-TW'], 'zh'],
    [null, ['de-DE'], 'zh'],
    ['en', ['zh-CN'], 'en'],
    ['xx', ['en-US'], 'en'],
  ] as const)('chosen %s, browser %s: %s', (chosen, browsers, expected) => {
    expect(preferredLanguage(chosen, browsers)).toBe(expected)
  })
})
