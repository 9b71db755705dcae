import { useEffect, useRef, useState } from 'preact/hooks'
import { grown, loadStudy, type Study, type StudyReference } from './study'

/** Images come one after the other: they are looked for when no more came for so long. */
const TOGETHER_MS = 1000

/**
 * Load a study; undefined until it is here, "failed" where it cannot be had. Where `count` changes, what came since is
 * added, and what is on the screen stays.
 */
export function useStudy(reference: StudyReference | undefined, count = 0): Study | 'failed' | undefined {
  const [study, setStudy] = useState<Study | 'failed'>()
  const counted = useRef({ study: '', count: 0 })
  const siteId = reference?.siteId
  const studyInstanceUid = reference?.studyInstanceUid
  useEffect(() => {
    setStudy(undefined)
    if (siteId === undefined || studyInstanceUid === undefined) return
    counted.current = { study: studyInstanceUid, count }
    const controller = new AbortController()
    loadStudy({ siteId, studyInstanceUid }, controller.signal).then(
      (first) => {
        setStudy((before) => grown(before, first))
      },
      () => {
        if (!controller.signal.aborted) setStudy('failed')
      },
    )
    return () => {
      controller.abort()
    }
  }, [siteId, studyInstanceUid])
  useEffect(() => {
    const known = counted.current
    if (siteId === undefined || known.study !== studyInstanceUid || known.count === count) return
    const controller = new AbortController()
    const timer = setTimeout(() => {
      loadStudy({ siteId, studyInstanceUid }, controller.signal).then(
        (now) => {
          known.count = count
          setStudy((before) => grown(before, now))
        },
        // They are looked for again with the next that comes.
        () => undefined,
      )
    }, TOGETHER_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [siteId, studyInstanceUid, count])
  return study
}
