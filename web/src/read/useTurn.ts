// The reader's turn at a case: claimed, kept by heartbeats, its draft saved; until signed, given back or taken away.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask, get, Problem, post, wordsOf } from '../shell/api'
import { t } from '../shell/words'
import { DraftKeeper, type Present, shelfKey } from './draft'
import type { Case, Claim, Draft } from './types'

const BEAT_EVERY = 20_000

export interface Turn {
  caseId: string
  workitemUid: string
  /** Names the images that were there when the reader looked. */
  seen: string | null
  beatAt: number
  isBeatLate: boolean
  /** Why it is over, where it was not the reader who ended it. */
  lost: string
  keeper: DraftKeeper
}

interface TurnLine {
  workitem_uid: string
  claimed_by_name: string | null
  ended_by_name: string | null
  end_reason: string | null
  end_note: string | null
}

/** How a turn ended that its reader did not end, and who has the case now; empty where it is not told. */
export function wordsOfEnd(turns: readonly TurnLine[], workitemUid: string): string {
  const mine = turns.find((each) => each.workitem_uid === workitemUid)
  if (mine?.ended_by_name) return `${mine.ended_by_name}: ${mine.end_note ?? ''}`
  const how = mine?.end_reason === 'lapsed' || mine?.end_reason === 'released'
  const holder = turns.find((each) => each.claimed_by_name && !each.end_reason)
  return [
    how && t(`read.lost.${mine.end_reason as 'lapsed' | 'released'}`),
    holder && t('read.lost.taken', { name: holder.claimed_by_name ?? '' }),
  ]
    .filter(Boolean)
    .join(' ')
}

/** Beats for every case that this page holds, also those that are not on the screen. */
const held = new Map<string, string>()

export interface TurnAtCase {
  turn: Turn | null
  present: Present | null
  problem: string
  begin: (each: Case) => Promise<void>
  claim: (each: Case) => Promise<Claim | null>
  takeOver: (each: Case, reason: string) => Promise<Claim | null>
  /** Claims the next case of the list, which no other reader gets; null where there is none. */
  takeNext: (of: { modality: string; site: string; urgency: string; group: string }) => Promise<Claim | null>
  release: () => Promise<void>
  leave: () => void
  /** Signed: the turn is over for good. */
  finish: () => void
  noteCase: (each: Case) => void
  lookAgain: () => Promise<void>
}

export function useTurn(username: string, put: (each: Case) => void): TurnAtCase {
  const [turn, setTurn] = useState<Turn | null>(null)
  const [present, setPresent] = useState<Present | null>(null)
  const [problem, setProblem] = useState('')
  const now = useRef<Turn | null>(null)
  const wanted = useRef('')
  now.current = turn

  const leave = useCallback(() => {
    const { current } = now
    wanted.current = ''
    if (current) void current.keeper.flush().then(() => current.keeper.close())
    now.current = null
    setTurn(null)
    setPresent(null)
    setProblem('')
  }, [])

  const beginWith = useCallback(
    async (each: Case) => {
      wanted.current = each.case_id
      held.set(each.workitem.workitem_uid, each.case_id)
      const draft = await get<Draft>(`/api/v1/cases/${each.case_id}/draft`)
      // The reader has gone on to another case meanwhile.
      if (wanted.current !== each.case_id) return
      const key = shelfKey(username, each.site_id, each.study_instance_uid)
      const keeper = new DraftKeeper(
        each.case_id,
        each.workitem.workitem_uid,
        draft,
        key,
        localStorage,
        setPresent,
      )
      setPresent(keeper.present)
      const { case_id: caseId, instances_seen: seen } = each
      const workitemUid = each.workitem.workitem_uid
      setTurn({ caseId, workitemUid, seen, beatAt: Date.now(), isBeatLate: false, lost: '', keeper })
    },
    [username],
  )

  const begin = useCallback(
    async (each: Case) => {
      wanted.current = each.case_id
      try {
        const whole = await get<Case>(`/api/v1/cases/${each.case_id}`)
        if (wanted.current !== each.case_id) return
        put(whole)
        if (whole.workitem.claimed_by_me) await beginWith(whole)
      } catch (error) {
        setProblem(wordsOf(error))
      }
    },
    [beginWith, put],
  )

  const take = useCallback(
    async (each: Case, act: string, body?: object): Promise<Claim | null> => {
      setProblem('')
      try {
        const claim = await post<Claim>(`/api/v1/workitems/${each.workitem.workitem_uid}/${act}`, body)
        put(claim)
        await beginWith(claim)
        return claim
      } catch (error) {
        setProblem(wordsOf(error))
        if (error instanceof Problem && error.status === 409)
          void get<Case>(`/api/v1/cases/${each.case_id}`).then(put)
        return null
      }
    },
    [beginWith, put],
  )

  const takeNext = useCallback(
    async (of: { modality: string; site: string; urgency: string; group: string }): Promise<Claim | null> => {
      const { modality, site, urgency, group } = of
      const body = {
        modality: modality || null,
        site_id: site || null,
        urgency: urgency || null,
        group: group || null,
      }
      try {
        const claim = await post<Claim>('/api/v1/worklist/next', body)
        put(claim)
        return claim
      } catch (error) {
        if (!(error instanceof Problem && error.status === 404)) setProblem(wordsOf(error))
        return null
      }
    },
    [put],
  )

  const lose = useCallback(async (workitemUid: string, words: string) => {
    held.delete(workitemUid)
    const { current } = now
    if (current?.workitemUid !== workitemUid || current.lost) return
    setTurn({ ...current, lost: words || '…' })
    // What was not yet sent goes to the hub, which keeps it aside for its writer.
    void current.keeper.flush()
    const { items } = await get<{ items: TurnLine[] }>(`/api/v1/cases/${current.caseId}/turns`)
    const told = wordsOfEnd(items, workitemUid)
    if (told) setTurn((before) => (before?.workitemUid === workitemUid ? { ...before, lost: told } : before))
  }, [])

  useEffect(() => {
    const beat = async (workitemUid: string) => {
      try {
        await ask('POST', `/api/v1/workitems/${workitemUid}/heartbeat`, { timeout: 15_000 })
        setTurn((before) =>
          before?.workitemUid === workitemUid ? { ...before, beatAt: Date.now(), isBeatLate: false } : before,
        )
      } catch (error) {
        const isOver = error instanceof Problem && (error.status === 409 || error.status === 404)
        if (isOver) void lose(workitemUid, error.words)
        else
          setTurn((before) =>
            before?.workitemUid === workitemUid ? { ...before, isBeatLate: true } : before,
          )
      }
    }
    const timer = setInterval(() => {
      for (const workitemUid of held.keys()) void beat(workitemUid)
    }, BEAT_EVERY)
    return () => clearInterval(timer)
  }, [lose])

  const noteCase = useCallback(
    (each: Case) => {
      const { current } = now
      if (!current || current.caseId !== each.case_id || current.lost) return
      const isMine = each.workitem.workitem_uid === current.workitemUid && each.workitem.claimed_by_me
      if (!isMine) void lose(current.workitemUid, each.workitem.claimed_by_name ?? '')
    },
    [lose],
  )

  const release = useCallback(async () => {
    const { current } = now
    if (!current) return
    try {
      await current.keeper.flush()
      held.delete(current.workitemUid)
      put(await post<Case>(`/api/v1/workitems/${current.workitemUid}/release`))
      current.keeper.close()
      now.current = null
      setTurn(null)
      setPresent(null)
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }, [put])

  const finish = useCallback(() => {
    const { current } = now
    if (!current) return
    held.delete(current.workitemUid)
    current.keeper.forget()
    now.current = null
    setTurn(null)
    setPresent(null)
  }, [])

  /** Something changed: names the images there are now, and puts other words beside one's own. */
  const lookAgain = useCallback(async () => {
    const { current } = now
    if (!current) return
    const whole = await get<Case>(`/api/v1/cases/${current.caseId}`)
    put(whole)
    setTurn((before) =>
      before?.caseId === whole.case_id ? { ...before, seen: whole.instances_seen } : before,
    )
    await current.keeper.lookAgain()
  }, [put])

  return {
    turn,
    present,
    problem,
    begin,
    claim: (each) => take(each, 'claim'),
    takeNext,
    takeOver: (each, reason) => take(each, 'take-over', { reason }),
    release,
    leave,
    finish,
    noteCase,
    lookAgain,
  }
}
