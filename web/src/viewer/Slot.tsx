/** The place for one picture or one ECG, of today or of before. */

import type { JSX } from 'preact'
import { late } from '../shell/parts'
import { siteName } from '../site/names'
import { playsAtOnce } from './hanging'
import type { Mark } from './marks'
import { Pane, type PaneHandle } from './Pane'
import type { Quality } from './stage'
import type { Study } from './study'
import type { EcgHandle } from './useCallipers'
import type { Hanging } from './useHanging'
import type { Marking } from './useMarking'
import type { Shared, ViewerProps } from './Viewer'
import { t } from './words'

const EcgPane = late(async () => (await import('./EcgPane')).EcgPane)

interface Props {
  slot: 0 | 1
  loaded: Study
  before: Study | undefined
  hanging: Hanging
  shared: Shared
  marking: Marking
  /** What was drawn into the study of before. */
  drawnBefore: readonly Mark[]
  onMeasure: ViewerProps['onMeasure']
  /** Of today's study only: what was before is seen for comparison. */
  onSeen: (sopInstanceUid: string, quality: Quality) => void
  onDrawn: () => void
  onHandle: (handle: PaneHandle | undefined) => void
  onEcgHandle: (handle: EcgHandle | undefined) => void
  onLook: () => void
  onWindow: () => void
}

export function Slot(props: Props): JSX.Element | null {
  const { slot, loaded, before, hanging } = props
  const choice = hanging.choices[slot]
  const of = choice?.from === 'prior' ? before : loaded
  if (choice === undefined || of === undefined) return null
  const onSeen = of === loaded ? props.onSeen : () => undefined
  const common = {
    title: before === undefined ? undefined : of === before ? priorTitle(of) : t('viewer.today'),
    isActive: hanging.layout === 'two' && hanging.active === slot,
    onActive: () => {
      hanging.activate(slot)
    },
  }
  if (choice.kind === 'ecg') {
    const shown = of.electrocardiograms[choice.place]
    return shown === undefined ? null : (
      <EcgPane
        key={shown.sopInstanceUid}
        {...common}
        ecg={shown}
        hidesNames={props.shared.hidesNames}
        onSeen={(uid) => {
          onSeen(uid, 'full')
        }}
        onMeasured={(words) => props.onMeasure?.(words)}
        onHandle={props.onEcgHandle}
      />
    )
  }
  const shown = of.images[choice.place]
  return shown === undefined ? null : <Picture {...props} {...common} shown={shown} of={of} onSeen={onSeen} />
}

const NONE: readonly Mark[] = []

type PictureProps = Props & Pick<Parameters<typeof Pane>[0], 'shown' | 'title' | 'isActive' | 'onActive'>

function Picture(props: PictureProps & { of: Study }): JSX.Element {
  const { slot, shown, hanging, shared, marking } = props
  return (
    <Pane
      key={slot}
      shown={shown}
      site={siteName(props.of.reference.siteId)}
      identity={props.of.identity}
      title={props.title}
      isActive={props.isActive}
      hidesNames={shared.hidesNames}
      showsMarks={shared.showsMarks}
      playsAtOnce={playsAtOnce(shown.image)}
      tool={shared.tool}
      marks={marking.marks}
      fixed={props.of === props.before ? props.drawnBefore : NONE}
      picked={marking.picked}
      onHandle={props.onHandle}
      onActive={props.onActive}
      onEnlarged={() => {
        hanging.enlarge(slot)
      }}
      onLook={props.onLook}
      onWindow={props.onWindow}
      onQuality={(uid, quality) => {
        props.onSeen(uid, quality)
        props.onDrawn()
      }}
      onMeasured={marking.add}
      onPick={marking.pick}
      onPointMoved={marking.movePoint}
    />
  )
}

export function priorTitle(study: Study): string {
  return `${t('viewer.prior')} ${study.identity.studyDate}`
}
