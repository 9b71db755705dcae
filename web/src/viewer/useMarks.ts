import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { session } from '../shell/session'
import { captioned } from './mark_text'
import {
  changed,
  changing,
  fromWire,
  type Mark,
  merged,
  NO_MARKS,
  rebased,
  redone,
  toWire,
  undone,
} from './marks'
import { type Keeping, MarkKeeper, readUnsaved } from './marks_keeping'
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
  const images = useRef(loaded.images)
  images.current = loaded.images
  const { siteId, studyInstanceUid } = study
  const put = useCallback((next: typeof NO_MARKS) => {
    history.current = next
    setMarks(next.marks)
  }, [])

  const keeper = useMemo(() => {
    const reference = { siteId, studyInstanceUid }
    const key = shelfKey(reference)
    /** Where the hub has marks, maybe in images that came since. */
    const drawnInto = new Set<string>()
    return new MarkKeeper({
      get: async () => {
        const { items, tag } = await getMarks(reference)
        for (const each of items) drawnInto.add(each.sop_instance_uid)
        return { marks: items.map(fromWire), tag }
      },
      put: async (turn, all, tag) => putMarks(reference, turn, all.map(toWire), tag),
      now: () => {
        const scales = new Map(images.current.map(({ image }) => [image.sopInstanceUid, image.scale]))
        const own = history.current.marks.filter(
          ({ sopInstanceUid: uid }) => scales.has(uid) || drawnInto.has(uid),
        )
        return captioned(own, (uid) => scales.get(uid) ?? { kind: 'none' })
      },
      onOthers: (base, theirs) => {
        put(rebased(history.current, base, theirs))
      },
      onKeeping: setKeeping,
      unsaved: () => readUnsaved(localStorage.getItem(key)),
      onUnsaved: ({ base, marks: mine }) => {
        put(changed(history.current, merged(base, mine, history.current.marks)))
      },
      shelve: (unsaved) => {
        try {
          if (unsaved) localStorage.setItem(key, JSON.stringify(unsaved))
          else localStorage.removeItem(key)
        } catch {
          // The browser's room is used up, or it keeps nothing; the hub still gets every mark.
        }
      },
    })
  }, [siteId, studyInstanceUid, put])

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

/** Where this browser keeps marks that the hub does not have yet; they go with their account's drafts. */
function shelfKey({ siteId, studyInstanceUid }: StudyReference): string {
  return `hub.draft.${session()?.username}.marks.${siteId}.${studyInstanceUid}`
}

const NOTHING: readonly Mark[] = []

/** What is kept with a study that hangs for comparison. */
export function useDrawnBefore(before: Study | undefined): readonly Mark[] {
  const [drawn, setDrawn] = useState(NOTHING)
  useEffect(() => {
    let isWanted = true
    setDrawn(NOTHING)
    // Where they do not come, the images are still there to be compared.
    if (before) {
      getMarks(before.reference).then(
        ({ items }) => isWanted && setDrawn(items.map(fromWire)),
        () => undefined,
      )
    }
    return () => {
      isWanted = false
    }
  }, [before])
  return drawn
}
