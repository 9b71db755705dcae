/** What stands in the corners of a picture: whose it is, where and when it was made, how it is shown, how good it is. */

import type { ComponentChildren, JSX, RefObject } from 'preact'
import { bytesText, identityLines, studyLines } from './corners'
import type { Identity } from './image'
import type { Loaded } from './loading'
import type { Quality } from './stage'
import type { ShownImage } from './study'
import { t } from './words'

interface Props extends QualityProps {
  /** What the site is called. */
  site: string
  identity: Identity
  title: string | undefined
  hidesNames: boolean
  /** Where the stage writes how it shows the picture, at every drawing. */
  looking: RefObject<HTMLSpanElement | null>
}

export function Overlay({ site, identity, title, hidesNames, looking, ...of }: Props): JSX.Element {
  return (
    <>
      <Corner place="top-left">
        {title !== undefined && <strong>{title}</strong>}
        {hidesNames ? t('viewer.names-hidden') : identityLines(identity).map((line) => <span>{line}</span>)}
      </Corner>
      <Corner place="top-right">
        {studyLines(site, identity, of.shown.image, hidesNames).map((line) => (
          <span>{line}</span>
        ))}
      </Corner>
      <Corner place="bottom-left">
        <span ref={looking} class="viewer-looking" />
      </Corner>
      <QualityLine {...of} />
    </>
  )
}

function Corner({ place, children }: { place: string; children: ComponentChildren }): JSX.Element {
  return <div class={`viewer-corner ${place}`}>{children}</div>
}

interface QualityProps {
  quality: Quality
  loaded: Loaded
  shown: ShownImage
}

/** Whether what one sees is all that there is: always there to be read. */
function QualityLine({ quality, loaded, shown }: QualityProps): JSX.Element {
  const { state, received, total } = loaded
  const isLoading = state === 'loading' && received > 0 && quality !== 'full'
  const style = quality === 'full' ? 'full' : state === 'done' ? 'lossy' : state
  return (
    <Corner place="bottom-right">
      {isLoading && <progress max={total ?? received} value={received} aria-label={t('viewer.loading')} />}
      <span class={`viewer-quality ${style}`} data-quality={quality} role="status">
        {qualityText(quality, state, shown.frames.source.isLossyAtSource)}
        {isLoading && ` · ${bytesText(received, total)}`}
      </span>
    </Corner>
  )
}

function qualityText(quality: Quality, state: Loaded['state'], isLossyAtSource: boolean): string {
  if (state === 'failed') return t('viewer.failed')
  if (state === 'unshowable') return t('viewer.unshowable')
  if (quality === 'none') return t('viewer.loading')
  if (quality === 'lossy') return t('viewer.lossy')
  return isLossyAtSource ? t('viewer.lossy-at-source') : t('viewer.lossless')
}
