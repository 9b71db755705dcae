import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import {
  changed,
  changing,
  fromWire,
  type Mark,
  type MarkHistory,
  NO_MARKS,
  redone,
  toWire,
  undone,
  type WireMark,
} from './marks'
import type { Study, StudyReference } from './study'
import { getMarks, putMarks } from './wire'

const WAITS_MS = 700

/** Whether what is drawn is also kept by the hub. */
export type Keeping = 'kept' | 'waiting' | 'not-kept' | 'own-only'

export interface Marks {
  marks: readonly Mark[]
  keeping: Keeping
  change: (next: (marks: readonly Mark[]) => readonly Mark[], isStep?: boolean) => void
  undo: () => void
  redo: () => void
}

/**
 * Hold the marks of a study, and save them a moment after they changed; without a turn they are one's own. So are
 * those in a prior: its case is closed.
 */
export function useMarks(study: StudyReference, loaded: Study, workitemUid: string | undefined): Marks {
  const [history, setHistory] = useState<MarkHistory>(NO_MARKS)
  const [keeping, setKeeping] = useState<Keeping>('kept')
  const version = useRef<string | null>(null)
  const latest = useRef(history.marks)
  latest.current = history.marks
  const timer = useRef(0)
  const { siteId, studyInstanceUid } = study

  useEffect(() => {
    setHistory(NO_MARKS)
    setKeeping('kept')
    const controller = new AbortController()
    getMarks({ siteId, studyInstanceUid }, controller.signal).then(
      (kept) => {
        version.current = kept.tag
        const marks = kept.items.map(fromWire)
        // What was drawn before the answer came stays beside it.
        setHistory((own) => ({ ...own, marks: [...marks, ...own.marks] }))
      },
      () => undefined,
    )
    return () => {
      controller.abort()
    }
  }, [siteId, studyInstanceUid])

  const save = useCallback(async () => {
    clearTimeout(timer.current)
    timer.current = 0
    if (workitemUid === undefined) {
      setKeeping('own-only')
      return
    }
    const own = new Set(loaded.images.map(({ image }) => image.sopInstanceUid))
    const marks = latest.current.filter(({ sopInstanceUid }) => own.has(sopInstanceUid))
    const items: WireMark[] = marks.map(toWire)
    try {
      const study = { siteId, studyInstanceUid }
      version.current = await putMarks(study, workitemUid, items, version.current ?? '"0"')
      setKeeping('kept')
    } catch {
      setKeeping('not-kept')
    }
  }, [siteId, studyInstanceUid, workitemUid, loaded])

  const soon = useCallback(() => {
    setKeeping('waiting')
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => void save(), WAITS_MS)
  }, [save])

  // Who turns to another case at once has drawn all the same, and so has who drew before the case was theirs.
  const newest = useRef(save)
  newest.current = save
  useEffect(
    () => () => {
      if (timer.current !== 0) void newest.current()
    },
    [],
  )
  const waitsForTurn = keeping === 'own-only' && workitemUid !== undefined
  useEffect(() => {
    if (waitsForTurn) soon()
  }, [waitsForTurn, soon])

  const change = useCallback<Marks['change']>(
    (next, isStep = true) => {
      setHistory((own) => {
        const marks = next(own.marks)
        return isStep ? changed(own, marks) : changing(own, marks)
      })
      soon()
    },
    [soon],
  )
  const undo = useCallback(() => {
    setHistory(undone)
    soon()
  }, [soon])
  const redo = useCallback(() => {
    setHistory(redone)
    soon()
  }, [soon])
  return { marks: history.marks, keeping, change, undo, redo }
}
