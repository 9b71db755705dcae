import { useEffect, useState } from 'preact/hooks'
import { loadStudy, type Study, type StudyReference } from './study'

/** Load a study; undefined until it is here, "failed" where it cannot be had. */
export function useStudy(reference: StudyReference | undefined): Study | 'failed' | undefined {
  const [study, setStudy] = useState<Study | 'failed'>()
  const siteId = reference?.siteId
  const studyInstanceUid = reference?.studyInstanceUid
  useEffect(() => {
    setStudy(undefined)
    if (siteId === undefined || studyInstanceUid === undefined) return
    const controller = new AbortController()
    loadStudy({ siteId, studyInstanceUid }, controller.signal).then(setStudy, () => {
      if (!controller.signal.aborted) setStudy('failed')
    })
    return () => {
      controller.abort()
    }
  }, [siteId, studyInstanceUid])
  return study
}
