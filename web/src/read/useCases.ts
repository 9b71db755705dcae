// The reading list as it is now: loaded once, then kept true by what the hub tells.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get, Problem, wordsOf } from '../shell/api'
import { useLive } from '../shell/live'
import { clockAhead, inOrder, withCase } from './cases'
import type { Case } from './types'

const MOST = 300
const TOGETHER = 150
const MANY = 12
/** What is told and cannot change a line of the list. */
const UNSEEN = /^(rendition|device|account|audit|route)\b/

export interface Cases {
  cases: Case[]
  isLoaded: boolean
  /** Every open case is here: nothing is left out by words, a group or number. */
  isWhole: boolean
  /** How far the hub's clock is ahead of this computer's, in milliseconds. */
  ahead: number
  problem: string
  reload: () => void
  put: (each: Case) => void
}

export function useCases(text: string, group: string, isReported: boolean): Cases {
  const [cases, setCases] = useState<Case[]>([])
  const [isLoaded, setLoaded] = useState(false)
  const [problem, setProblem] = useState('')
  const [ahead, setAhead] = useState(0)
  const isWhole = !text.trim() && !group && !isReported && cases.length < MOST
  const asked = useRef(0)
  const pending = useRef<{ ids: Set<string>; all: boolean; timer: number }>({
    ids: new Set(),
    all: false,
    timer: 0,
  })

  const reload = useCallback(() => {
    const mine = ++asked.current
    const query = new URLSearchParams({ limit: String(isReported ? 100 : MOST) })
    if (isReported) query.set('state', 'COMPLETED')
    if (text.trim()) query.set('text', text.trim())
    if (group) query.set('group', group)
    get<{ items: Case[] }>(`/api/v1/worklist?${query}`).then(
      ({ items }) => {
        if (mine !== asked.current) return
        setCases(inOrder(items))
        setAhead((before) => (items.length ? clockAhead(items, Date.now()) : before))
        setLoaded(true)
        setProblem('')
      },
      (error) => mine === asked.current && setProblem(wordsOf(error)),
    )
  }, [text, group, isReported])
  useEffect(reload, [reload])

  const put = useCallback((each: Case) => setCases((before) => withCase(before, each.case_id, each)), [])

  async function lookAgain(): Promise<void> {
    const { ids, all } = pending.current
    pending.current = { ids: new Set(), all: false, timer: 0 }
    // With a search or a group, and of what is reported, the hub alone says what belongs here.
    if (all || ids.size > MANY || text.trim() || group || isReported) return reload()
    for (const caseId of ids) {
      try {
        put(await get<Case>(`/api/v1/cases/${caseId}`))
      } catch (error) {
        if (error instanceof Problem && error.status === 404)
          setCases((before) => withCase(before, caseId, null))
      }
    }
  }

  useLive((told) => {
    if (told && UNSEEN.test(told.kind)) return
    const waiting = pending.current
    if (told?.case_id) waiting.ids.add(told.case_id)
    else waiting.all = true
    waiting.timer ||= window.setTimeout(() => void lookAgain(), TOGETHER)
  })

  return { cases, isLoaded, isWhole, ahead, problem, reload, put }
}
