import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { captioned } from './mark_text'
import { changed, changing, fromWire, type Mark, NO_MARKS, rebased, redone, toWire, undone } from './marks'
import { type Keeping, MarkKeeper } from './marks_keeping'
import type { Study, StudyReference } from './study'
import { getMarks, putMarks } from './wire'

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
  const history = useRef(NO_MARKS)
  const [marks, setMarks] = useState(NO_MARKS.marks)
  const [keeping, setKeeping] = useState<Keeping>('kept')
  const { siteId, studyInstanceUid } = study
  const put = useCallback((next: typeof NO_MARKS) => {
    history.current = next
    setMarks(next.marks)
  }, [])

  const keeper = useMemo(() => {
    const scales = new Map(loaded.images.map(({ image }) => [image.sopInstanceUid, image.scale]))
    const reference = { siteId, studyInstanceUid }
    return new MarkKeeper({
      get: async () => {
        const { items, tag } = await getMarks(reference)
        return { marks: items.map(fromWire), tag }
      },
      put: async (turn, all, tag) => putMarks(reference, turn, all.map(toWire), tag),
      now: () => {
        const own = history.current.marks.filter(({ sopInstanceUid }) => scales.has(sopInstanceUid))
        return captioned(own, (uid) => scales.get(uid) ?? { kind: 'none' })
      },
      onOthers: (base, theirs) => {
        put(rebased(history.current, base, theirs))
      },
      onKeeping: setKeeping,
    })
  }, [siteId, studyInstanceUid, loaded, put])

  useEffect(() => {
    put(NO_MARKS)
    setKeeping('kept')
    // Whom the line fails here it tells at the first save.
    keeper.load().catch(() => undefined)
    // Who turns to another case at once has drawn all the same.
    return () => {
      keeper.flush()
    }
  }, [keeper, put])
  useEffect(() => {
    keeper.turn(workitemUid)
  }, [keeper, workitemUid])

  const step = useCallback(
    (next: typeof NO_MARKS) => {
      put(next)
      keeper.soon()
    },
    [keeper, put],
  )
  const change = useCallback<Marks['change']>(
    (next, isStep = true) => {
      const { current } = history
      step((isStep ? changed : changing)(current, next(current.marks)))
    },
    [step],
  )
  const undo = useCallback(() => {
    step(undone(history.current))
  }, [step])
  const redo = useCallback(() => {
    step(redone(history.current))
  }, [step])
  return { marks, keeping, change, undo, redo }
}
