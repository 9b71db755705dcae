// The words of the pages in the language that is chosen: each page loads its own and the shell's.

import { loaders } from 'virtual:words'
import { useEffect, useState } from 'preact/hooks'
import type en from '../words/en.json'

export type WordKey = keyof typeof en
export type Language = 'zh' | 'en'
type Values = Record<string, string | number>

const STORED = 'hub.language'
const held = new Map<string, string>()
const listeners = new Set<() => void>()
const parts = new Set<string>()
let language: Language = 'zh'

/** The language that was chosen on this browser, else the browser's own; Chinese for any but English. */
export function preferredLanguage(chosen: string | null, browsers: readonly string[]): Language {
  if (chosen === 'zh' || chosen === 'en') return chosen
  const known = browsers
    .map((each) => each.slice(0, 2).toLowerCase())
    .find((each) => each === 'zh' || each === 'en')
  return known === 'en' ? 'en' : 'zh'
}

export function presentLanguage(): Language {
  return language
}

/** The locale for dates and numbers. */
export function locale(): string {
  return language === 'zh' ? 'zh-CN' : 'en-GB'
}

/** Loads the words whose keys begin with these prefixes. */
export async function loadWords(...wanted: string[]): Promise<void> {
  for (const part of wanted) parts.add(part)
  await Promise.all(wanted.map((part) => loadPart(part)))
}

async function loadPart(part: string): Promise<void> {
  const load = loaders[language][part]
  if (!load) return
  for (const [key, text] of Object.entries((await load()).default)) held.set(key, text)
}

export async function chooseLanguage(chosen: Language, remember = true): Promise<void> {
  language = chosen
  if (remember) localStorage.setItem(STORED, chosen)
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en'
  await Promise.all([...parts].map((part) => loadPart(part)))
  for (const tell of listeners) tell()
}

export async function beginWords(): Promise<void> {
  parts.add('shell')
  await chooseLanguage(preferredLanguage(localStorage.getItem(STORED), navigator.languages), false)
}

/** Puts values where `{name}` stands; what is not given stays as it is written. */
export function filled(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** The words for a key. A key that is not loaded is shown itself, so that it is seen and mended. */
export function t(key: WordKey, values?: Values): string {
  return filled(held.get(key) ?? key, values)
}

/** The words for a key that is put together at run time, or what stands in for it. */
export function tOr(key: string, fallback: string, values?: Values): string {
  const text = held.get(key)
  return text === undefined ? fallback : filled(text, values)
}

/** Draws a component anew when another language is chosen. */
export function useLanguage(): Language {
  const [, redraw] = useState(0)
  useEffect(() => {
    const tell = () => redraw((count) => count + 1)
    listeners.add(tell)
    return () => {
      listeners.delete(tell)
    }
  }, [])
  return language
}
