/** The heart rate over a long recording; a click shows the sheet of that moment. */

import type { JSX } from 'preact'
import { t } from '../shell/words'
import { secondAt } from './ecg'

interface Props {
  /** Of the recording's numbers. */
  url: string
  seconds: number
  onStart: (startSeconds: number) => void
}

export function EcgOverview({ url, seconds, onStart }: Props): JSX.Element {
  const [path, query] = url.split('?')
  return (
    <button
      type="button"
      class="viewer-ecg-overview"
      title={t('viewer.ecg-overview')}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect()
        onStart(secondAt((event.clientX - box.left) / box.width, seconds))
      }}
    >
      <img src={`${path ?? ''}/overview.svg?${query ?? ''}`} alt={t('viewer.ecg-overview')} />
    </button>
  )
}
