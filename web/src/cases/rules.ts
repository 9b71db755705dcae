// What of a case's history is told together, and how names and data sets read.
import type { Case, Happening } from './types'

export interface Told {
  kind: string
  words: string
  actor: string
  actorName: string
  reason: string
  at: string
  until: string
  count: number
}

function reasonOf(happening: Happening): string {
  const reason = happening.body.reason ?? happening.body.detail
  return typeof reason === 'string' ? reason : ''
}

/** The kind of door an instance came through, "" where a person acts: its key tells people nothing. */
export function doorOf(actor: string): string {
  return /^(device|account|import|hub|self-test)(?=:|$)/.exec(actor)?.[1] ?? ''
}

/** Tells hundreds of arrivals as one line; whatever carries a reason of its own stays a line of its own. */
export function folded(happenings: Happening[]): Told[] {
  const told: Told[] = []
  for (const each of happenings) {
    const reason = reasonOf(each)
    const last = told[told.length - 1]
    if (last && !reason && !last.reason && last.kind === each.kind && last.actor === each.actor) {
      last.count += 1
      last.until = each.at
      continue
    }
    const { kind, words, actor, actor_name: actorName, at } = each
    told.push({ kind, words, actor, actorName, reason, at, until: at, count: 1 })
  }
  return told
}

/** A DICOM name as people read it: the ideographic part before the one in letters (PS3.5 6.2.1). */
export function readable(name: string): string {
  const [letters = '', ideographs = ''] = name.split('=')
  const plain = (part: string) => part.replace(/\^+/g, ' ').trim()
  const [own, spelled] = [plain(ideographs).replace(/ /g, ''), plain(letters)]
  return own && spelled ? `${own} ${spelled}` : own || spelled
}

/** When a case is due, "" where nobody is to read it: an earlier exam, or one that is read with another. */
export function dueOf({ due_at: due, workitem }: Pick<Case, 'due_at' | 'workitem'>): string {
  return workitem.procedure_step_state === 'CANCELED' ? '' : due
}

type DataSet = Record<string, { Value?: unknown[] }>

/** The first value of an element of DICOM JSON (PS3.18 F.2) as text. */
export function textOf(dataset: DataSet, tag: string): string {
  const value = dataset[tag]?.Value?.[0]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

export type { DataSet }
