// The viewer, loaded after the list: the list is what a reader looks at first.
import { useEffect, useMemo, useState } from 'preact/hooks'
import { t } from '../shell/words'
import type { ViewerProps } from '../viewer/Viewer'
import type { Case, StudyReference } from './types'

type Module = typeof import('../viewer/Viewer')

interface ImagesProps extends Omit<ViewerProps, 'study' | 'prior' | 'count'> {
  each: Case
  prior: StudyReference | undefined
  /** What the hub has of it now, by which a turn is signed: it begins with how many instances that are. */
  seen: string | null | undefined
}

export function Images({ each, prior, seen, ...rest }: ImagesProps) {
  const [module, setModule] = useState<Module | null>(null)
  useEffect(() => {
    void import('../viewer/Viewer').then(setModule)
  }, [])
  const { site_id: siteId, study_instance_uid: studyInstanceUid } = each
  const study = useMemo(() => ({ siteId, studyInstanceUid }), [siteId, studyInstanceUid])
  if (module) {
    const key = `${siteId} ${studyInstanceUid}`
    const count = Math.max(each.number_of_instances, Number.parseInt(seen ?? '0', 10))
    return <module.Viewer key={key} study={study} count={count} prior={prior} {...rest} />
  }
  const thumbnail = `/dicom-web/sites/${encodeURIComponent(siteId)}/studies/${studyInstanceUid}/thumbnail`
  return <img class="first-look" src={thumbnail} alt={t('read.images')} />
}
