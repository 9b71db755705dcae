// The reading list's rules: what comes first, what may be claimed, what a clock says. Nothing here asks anybody.
import type { Case, Prior, StudyReference, Urgency } from './types'

const RANK: Record<Urgency, number> = { emergency: 0, urgent: 1, routine: 1 }
const SOON_SECONDS = 600

/** Emergencies first, then whose time runs out first; as the hub orders them. */
export function inOrder(cases: readonly Case[]): Case[] {
  return [...cases].sort(
    (one, other) =>
      RANK[one.urgency] - RANK[other.urgency] ||
      Date.parse(one.due_at) - Date.parse(other.due_at) ||
      (one.case_id < other.case_id ? -1 : 1),
  )
}

export function isOpen(each: Case): boolean {
  return (
    each.workitem.procedure_step_state === 'SCHEDULED' || each.workitem.procedure_step_state === 'IN PROGRESS'
  )
}

export function isClaimable(each: Case): boolean {
  const { workitem } = each
  return (
    workitem.procedure_step_state === 'SCHEDULED' &&
    !each.waits_for &&
    workitem.input_readiness_state === 'READY'
  )
}

export function isHeldByOther(each: Case): boolean {
  return each.workitem.procedure_step_state === 'IN PROGRESS' && !each.workitem.claimed_by_me
}

/** The case that `n` takes. */
export function nextOf(cases: readonly Case[]): Case | undefined {
  return inOrder(cases).find(isClaimable)
}

export interface Filter {
  modality: string
  site: string
  urgency: string
  /** A reading group; the hub says what it reads. */
  group: string
  show: 'open' | 'mine' | 'waiting' | 'reported'
}

export function passes(each: Case, filter: Filter): boolean {
  if (filter.modality && each.modality !== filter.modality) return false
  if (filter.site && each.site_id !== filter.site) return false
  if (filter.urgency && each.urgency !== filter.urgency) return false
  if (filter.show === 'mine') return isOpen(each) && each.workitem.claimed_by_me
  if (filter.show === 'waiting') return isClaimable(each)
  return filter.show === 'reported' ? !isOpen(each) : isOpen(each)
}

/** Whether a case waits that came after its reader last saw the list. */
export function isNew(each: Case, seenAt: string | null): boolean {
  if (each.workitem.procedure_step_state !== 'SCHEDULED') return false
  return seenAt === null || Date.parse(each.first_received_at) > Date.parse(seenAt)
}

/** How far the hub's clock is ahead of this computer's, in milliseconds; 0 where nothing tells. */
export function clockAhead(cases: readonly Case[], now: number): number {
  const told = cases.find((each) => each.seconds_left !== null)
  return told ? Date.parse(told.due_at) - (told.seconds_left ?? 0) * 1000 - now : 0
}

export interface Counts {
  waiting: number
  mine: number
  emergencies: number
}

export function countsOf(cases: readonly Case[]): Counts {
  return {
    waiting: cases.filter(isClaimable).length,
    mine: cases.filter((each) => isOpen(each) && each.workitem.claimed_by_me).length,
    emergencies: cases.filter((each) => each.urgency === 'emergency' && isClaimable(each)).length,
  }
}

/** The list with one case as it is now: put in, put in place of the old one, or taken away. */
export function withCase(cases: readonly Case[], caseId: string, now: Case | null): Case[] {
  const others = cases.filter((each) => each.case_id !== caseId)
  return inOrder(now ? [...others, now] : others)
}

/** Emergencies that nobody has and that were not on the list before: what the page has to ring for. */
export function newEmergencies(before: ReadonlySet<string>, cases: readonly Case[]): string[] {
  return cases
    .filter((each) => each.urgency === 'emergency' && each.workitem.procedure_step_state === 'SCHEDULED')
    .map((each) => each.case_id)
    .filter((caseId) => !before.has(caseId))
}

export interface Clock {
  /** Hours, minutes and seconds as on a stop-watch; `-` in front when late. */
  text: string
  mark: '' | 'soon' | 'late'
}

/** What is left until a moment. */
export function clockOf(dueAt: string, now: number): Clock {
  const seconds = Math.floor((Date.parse(dueAt) - now) / 1000)
  const away = Math.abs(seconds)
  const days = Math.floor(away / 86400)
  const pad = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor((away % 86400) / 3600)
  const time = `${hours || days ? `${hours}:` : ''}${pad(Math.floor((away % 3600) / 60))}:${pad(away % 60)}`
  return {
    text: `${seconds < 0 ? '−' : ''}${days ? `${days}d ` : ''}${time}`,
    mark: seconds < 0 ? 'late' : seconds < SOON_SECONDS ? 'soon' : '',
  }
}

/** A person name (PS3.5 6.2.1.1) as it is read: the characters first, then the letters. */
export function personName(value: string): string {
  const [letters = '', characters = ''] = value.split('=')
  const spoken = (group: string) => group.split('^').filter(Boolean).join(' ').trim()
  const written = characters.replace(/\^/g, '').trim()
  const both = [written, spoken(letters)].filter(Boolean)
  return both.join(' ') || '—'
}

/** Whole years between two days; null where one is not known. */
export function ageAt(birth: string | null, day: string | null): number | null {
  if (!birth || !day) return null
  const years = Number(day.slice(0, 4)) - Number(birth.slice(0, 4))
  const age = day.slice(5) < birth.slice(5) ? years - 1 : years
  return Number.isFinite(age) && age >= 0 ? age : null
}

/** The study of an earlier case, to be hung beside the present one. */
export function studyOf(prior: Prior): StudyReference | undefined {
  const found = /^\/dicom-web\/sites\/([^/]+)\/studies\/([^/]+)$/.exec(prior.paths[0] ?? '')
  if (!found) return undefined
  return { siteId: decodeURIComponent(found[1]!), studyInstanceUid: decodeURIComponent(found[2]!) }
}
