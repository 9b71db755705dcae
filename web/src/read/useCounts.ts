// The numbers beside the list, and what came since its reader last looked.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get, post } from '../shell/api'
import { useLive } from '../shell/live'
import { type Counts, countsOf, isNew, newEmergencies } from './cases'
import type { Case } from './types'

const TOGETHER = 1000

interface HubCounts extends Counts {
  new: number
  seen_at: string | null
}

export interface Unread {
  counts: Counts
  /** How many emergencies wait, whether or not the list shows them; null while nobody knows. */
  emergencies: number | null
  /** How many of the waiting cases are new to this reader. */
  unread: number
  isUnread: (each: Case) => boolean
  noteOpened: (each: Case) => void
  noteSeen: () => void
}

/** `isWhole`: the list shows all there is, and can be counted here; else the hub counts. */
export function useCounts(cases: readonly Case[], isWhole: boolean): Unread {
  const [hub, setHub] = useState<HubCounts | null>(null)
  /** What the hub counted since the list leaves something out. */
  const [partial, setPartial] = useState<HubCounts | null>(null)
  const last = useRef<Counts>(countsOf([]))
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const timer = useRef(0)
  const load = useCallback(() => {
    timer.current = 0
    // What the numbers are for is on the list as well: where they do not come, they come with the next change.
    get<HubCounts>('/api/v1/worklist/counts').then(
      (counted) => {
        setHub(counted)
        setPartial(isWhole ? null : counted)
      },
      () => undefined,
    )
  }, [isWhole])
  useEffect(() => {
    setPartial(null)
    load()
  }, [load])
  useEffect(() => () => clearTimeout(timer.current), [])
  useLive(() => {
    if (!isWhole) timer.current ||= window.setTimeout(load, TOGETHER)
  })
  const seenAt = hub?.seen_at ?? null
  const isUnread = useCallback(
    (each: Case) => hub !== null && !opened.has(each.case_id) && isNew(each, seenAt),
    [hub, opened, seenAt],
  )
  const counts = useMemo(
    () => (isWhole ? countsOf(cases) : (partial ?? last.current)),
    [cases, partial, isWhole],
  )
  last.current = counts
  const unread = isWhole ? cases.filter(isUnread).length : (hub?.new ?? 0)
  const noteOpened = useCallback(
    (each: Case) => setOpened((before) => new Set([...before, each.case_id])),
    [],
  )
  const noteSeen = useCallback(() => {
    post('/api/v1/worklist/seen').then(load, () => undefined)
  }, [load])
  const isAllOpened = isWhole && unread === 0 && cases.some((each) => isNew(each, seenAt))
  useEffect(() => {
    if (hub && isAllOpened) noteSeen()
  }, [hub, isAllOpened, noteSeen])
  const emergencies = isWhole ? newEmergencies(new Set(), cases).length : (partial?.emergencies ?? null)
  return { counts, emergencies, unread, isUnread, noteOpened, noteSeen }
}
