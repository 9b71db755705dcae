// The images of one study by themselves: for looking them over, from wherever a study is named.
import { useMemo, useState } from 'preact/hooks'
import { useKeys } from '../keys'
import { late } from '../shell/parts'
import type { PageProps } from '../shell/router'
import { Viewer } from '../viewer/Viewer'

const KeysHelp = late(async () => (await import('../keys_help')).KeysHelp)

export default function Page({ place: { site = '', study = '' } }: PageProps) {
  const [isHelping, setHelping] = useState(false)
  const reference = useMemo(() => ({ siteId: site, studyInstanceUid: study }), [site, study])
  useKeys({ help: () => setHelping(true) })
  return (
    <main class="view-page">
      <Viewer study={reference} />
      {isHelping && <KeysHelp places={['everywhere', 'viewer']} onClose={() => setHelping(false)} />}
    </main>
  )
}
