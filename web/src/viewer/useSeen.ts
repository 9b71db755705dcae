import { useCallback, useRef } from 'preact/hooks'
import type { Quality } from './stage'
import type { Study } from './study'

/** How much of a study a reader had on the screen. */
export interface Seen {
  pictures: number
  /** In any quality. */
  seen: number
  /** As they were stored. */
  inFull: number
}

/** Return what to call when a picture was drawn; it tells only what is new. */
export function useSeen(
  study: Study,
  onSeen: ((seen: Seen) => void) | undefined,
): (sopInstanceUid: string, quality: Quality) => void {
  const best = useRef(new Map<string, Quality>())
  return useCallback(
    (sopInstanceUid, quality) => {
      const had = best.current.get(sopInstanceUid)
      if (had === 'full' || had === quality || quality === 'none') return
      best.current.set(sopInstanceUid, quality)
      const all = [...best.current.values()]
      onSeen?.({
        pictures: study.images.length + study.electrocardiograms.length,
        seen: all.length,
        inFull: all.filter((each) => each === 'full').length,
      })
    },
    [study, onSeen],
  )
}
