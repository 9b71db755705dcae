// The images of one study by themselves: for looking them over, from wherever a study is named.
import { useMemo } from 'preact/hooks'
import type { PageProps } from '../shell/router'
import { Viewer } from '../viewer/Viewer'

export default function Page({ place: { site = '', study = '' } }: PageProps) {
  const reference = useMemo(() => ({ siteId: site, studyInstanceUid: study }), [site, study])
  return (
    <main class="view-page">
      <Viewer study={reference} />
    </main>
  )
}
