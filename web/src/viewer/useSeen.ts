import { useCallback, useEffect, useRef } from 'preact/hooks'
import type { Quality } from './stage'
import type { Study } from './study'

/** How much of a study a reader had on the screen. */
export interface Seen {
  pictures: number
  /** In any quality. */
  seen: number
  /** As they were stored. */
  inFull: number
  /** Whether of some picture only a lossy preview was seen; small ones in a grid are that as well. */
  isPreviewOnly: boolean
}

/** Return how much was seen when pictures were shown at best so. Pure. */
export function seenOf(pictures: number, best: Iterable<Quality>): Seen {
  const all = [...best]
  const inFull = all.filter((each) => each === 'full').length
  const isPreviewOnly = inFull < all.length || (all.length === 0 && pictures > 0)
  return { pictures, seen: all.length, inFull, isPreviewOnly }
}

/** Return what to call when a picture was drawn; it tells only what is new. */
export function useSeen(
  study: Study,
  onSeen: ((seen: Seen) => void) | undefined,
): (sopInstanceUid: string, quality: Quality) => void {
  const best = useRef(new Map<string, Quality>())
  const tell = useCallback(() => {
    onSeen?.(seenOf(study.images.length + study.electrocardiograms.length, best.current.values()))
  }, [study, onSeen])
  useEffect(tell, [tell])
  return useCallback(
    (sopInstanceUid, quality) => {
      const had = best.current.get(sopInstanceUid)
      if (had === 'full' || had === quality || quality === 'none') return
      best.current.set(sopInstanceUid, quality)
      tell()
    },
    [tell],
  )
}
