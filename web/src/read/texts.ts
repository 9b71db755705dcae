// Templates, normal texts and macros: what a reader need not type. Their words lie with all other words.
import { tOr } from '../shell/words'
import type { Words } from './types'

export interface Template {
  key: string
  modalities: readonly string[]
  /** Words of a study's description that name the body part. */
  parts: RegExp | null
}

const GREY = ['DX', 'CR', 'DR', 'RF', 'XA', 'PX', 'IO', 'MG'] as const
export const TEMPLATES: readonly Template[] = [
  { key: 'chest', modalities: GREY, parts: /chest|thorax|lung|rib|胸|肺|肋/i },
  { key: 'abdomen', modalities: GREY, parts: /abdomen|kub|腹|尿路/i },
  { key: 'spine', modalities: GREY, parts: /spine|cervical|lumbar|脊|颈椎|腰椎|胸椎/i },
  {
    key: 'limb',
    modalities: GREY,
    parts: /knee|hand|foot|wrist|ankle|elbow|shoulder|hip|膝|手|足|腕|踝|肘|肩|髋|骨/i,
  },
  { key: 'heart', modalities: ['US'], parts: /echo|cardiac|heart|心/i },
  { key: 'thyroid', modalities: ['US'], parts: /thyroid|甲状腺/i },
  { key: 'liver', modalities: ['US'], parts: /abdomen|liver|腹|肝/i },
  { key: 'sinus-rhythm', modalities: ['ECG'], parts: null },
]

/** The templates for a modality, the one for this body part first. */
export function templatesFor(modality: string, description: string): Template[] {
  const own = TEMPLATES.filter((each) => each.modalities.includes(modality))
  const fits = (each: Template) => (each.parts?.test(description) ? 0 : 1)
  return [...own].sort((one, other) => fits(one) - fits(other))
}

export function wordsOfTemplate(key: string): Words {
  return {
    findings: tOr(`template.${key}.findings`, ''),
    impression: tOr(`template.${key}.impression`, ''),
  }
}

export type Macros = Record<string, string>

export function readMacros(text: string | null): Macros {
  const macros: Macros = {}
  for (const line of (text ?? '').split('\n')) {
    const found = /^\s*([\p{L}\p{N}-]{1,20})\s*=\s*(.+)$/u.exec(line)
    if (found) macros[found[1]!] = found[2]!.trim()
  }
  return macros
}

/** Puts the text of a macro in place of `;name ` before the caret; null where there is none. */
export function expanded(
  text: string,
  caret: number,
  macros: Macros,
): { text: string; caret: number } | null {
  const found = /;([\p{L}\p{N}-]{1,20})[ \n]$/u.exec(text.slice(0, caret))
  const words = found && macros[found[1]!]
  if (!words) return null
  const start = caret - found[0].length
  return { text: text.slice(0, start) + words + text.slice(caret), caret: start + words.length }
}

/** A text with more put in at the caret, on a line of its own where it follows other words. */
export function inserted(text: string, caret: number, more: string): { text: string; caret: number } {
  const before = text.slice(0, caret)
  const gap = before && !/\s$/.test(before) ? ' ' : ''
  return { text: before + gap + more + text.slice(caret), caret: caret + gap.length + more.length }
}
