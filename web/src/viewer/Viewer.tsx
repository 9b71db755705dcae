/** The viewer: one study, or two side by side, with strip, tools and marks. */

import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useSiteNames } from '../site/names'
import { ArrowText } from './ArrowText'
import { linkLook, linkWindow } from './commands'
import type { Mark } from './marks'
import type { PaneHandle } from './Pane'
import { priorTitle, Slot } from './Slot'
import { Grid, Strip } from './Strip'
import type { Study, StudyReference } from './study'
import { Toolbar } from './Toolbar'
import type { Tool } from './tools'
import type { EcgHandle } from './useCallipers'
import { useHanging } from './useHanging'
import { type Marking, useMarking } from './useMarking'
import { useDrawnBefore } from './useMarks'
import { type Seen, useSeen } from './useSeen'
import { useStudy } from './useStudy'
import { useViewerKeys } from './useViewerKeys'
import { t } from './words'
import './viewer.css'

export interface ViewerProps {
  study: StudyReference
  /** How many instances of it there are now, where that is told: of more the new ones are added. */
  count?: number | undefined
  /** An earlier study of the same person, to be hung on the left. */
  prior?: StudyReference | undefined
  /** The turn in which marks are saved; without one they are shown and not kept. */
  workitemUid?: string | undefined
  /** How much of the study was on the screen, and whether as it was stored. */
  onSeen?: ((seen: Seen) => void) | undefined
  /** A measure in words, for the report. */
  onMeasure?: ((words: string) => void) | undefined
  /** A picture was made a key image, or is none any more. */
  onKeyImage?: ((marks: readonly Mark[]) => void) | undefined
}

export function Viewer(props: ViewerProps): JSX.Element {
  const study = useStudy(props.study, props.count)
  const prior = useStudy(props.prior)
  if (study === undefined) return <Notice words={t('viewer.loading')} />
  if (study === 'failed') return <Notice words={t('viewer.failed')} />
  if (study.images.length + study.electrocardiograms.length === 0) {
    return <Notice words={t('viewer.nothing')} />
  }
  return <Reading {...props} loaded={study} before={prior === 'failed' ? undefined : prior} />
}

function Notice({ words }: { words: string }): JSX.Element {
  return (
    <div class="viewer viewer-notice" role="status">
      {words}
    </div>
  )
}

/** What the panes share. */
export interface Shared {
  tool: Tool
  hidesNames: boolean
  showsMarks: boolean
  isLinked: boolean
  /** Whether of two panes one lies above the other. */
  isStacked: boolean
}

const AT_FIRST: Shared = {
  tool: 'window',
  hidesNames: false,
  showsMarks: true,
  isLinked: true,
  isStacked: false,
}

function Reading(props: ViewerProps & { loaded: Study; before: Study | undefined }): JSX.Element {
  const { loaded, before } = props
  const [shared, setShared] = useState(AT_FIRST)
  const handles = useRef<Pair<PaneHandle>>([undefined, undefined])
  const ecgs = useRef<Pair<EcgHandle>>([undefined, undefined])
  const hanging = useHanging(loaded, before)
  const marking = useMarking(props, loaded, handles, hanging.active)
  const drawnBefore = useDrawnBefore(before)
  useSiteNames()
  const onSeen = useSeen(loaded, props.onSeen)
  const keyImages = useKeyImages(marking.marks, props.onKeyImage)
  const [, setTick] = useState(0)
  const drawn = (): void => {
    setTick((tick) => tick + 1)
  }
  const { run, choose } = useViewerKeys({
    handles,
    ecgs,
    hanging,
    marking,
    setShared,
    isLinked: shared.isLinked,
  })
  const slot = (number: 0 | 1): JSX.Element => (
    <Slot
      key={number}
      slot={number}
      loaded={loaded}
      before={before}
      hanging={hanging}
      shared={shared}
      marking={marking}
      drawnBefore={drawnBefore}
      onMeasure={props.onMeasure}
      onSeen={onSeen}
      onDrawn={drawn}
      onHandle={(handle) => {
        handles.current[number] = handle
        drawn()
      }}
      onEcgHandle={(handle) => {
        ecgs.current[number] = handle
      }}
      onLook={() => {
        if (shared.isLinked) linkLook(handles.current[number], handles.current[number ^ 1])
      }}
      onWindow={() => {
        if (shared.isLinked) linkWindow(handles.current[number], handles.current[number ^ 1])
      }}
    />
  )
  return (
    <div class="viewer" data-layout={hanging.layout}>
      <Toolbar
        run={run}
        choose={choose}
        shared={shared}
        pane={handles.current[hanging.active]}
        hasTwo={hanging.layout === 'two'}
        isGrid={hanging.layout === 'grid'}
        hasTools={hanging.layout !== 'grid' && hanging.choices[hanging.active]?.kind === 'image'}
      />
      <div class={`viewer-panes ${hanging.layout}${shared.isStacked ? ' stacked' : ''}`}>
        {hanging.layout === 'grid' ? (
          <Grid study={loaded} marked={keyImages} onChoose={hanging.open} />
        ) : (
          (hanging.layout === 'two' ? [0 as const, 1 as const] : [hanging.active]).map(slot)
        )}
        <ArrowText marking={marking} />
        <Keeping marking={marking} />
      </div>
      <Strip
        studies={inStrip(loaded, before)}
        shown={hanging.shown}
        marked={keyImages}
        onChoose={hanging.open}
      />
    </div>
  )
}

type Pair<Handle> = [Handle | undefined, Handle | undefined]

/** Return which instances have a key image, and tell the report. */
function useKeyImages(marks: readonly Mark[], onKeyImage: ViewerProps['onKeyImage']): ReadonlySet<string> {
  const found = useMemo(() => marks.filter(({ kind }) => kind === 'key-image'), [marks])
  useEffect(() => {
    onKeyImage?.(found)
  }, [found])
  return useMemo(() => new Set(found.map(({ sopInstanceUid }) => sopInstanceUid)), [found])
}

/** Whether what was drawn is kept; nothing where it is. */
function Keeping({ marking: { keeping } }: { marking: Marking }): JSX.Element | null {
  if (keeping === 'kept') return null
  return (
    <span class={`viewer-keeping ${keeping}`} role="status">
      {t(`viewer.marks.${keeping}`)}
    </span>
  )
}

/** The studies in the order of the panes: what was before on the left. */
function inStrip(loaded: Study, before: Study | undefined): Parameters<typeof Strip>[0]['studies'] {
  const today = { from: 'study' as const, study: loaded, title: before && t('viewer.today') }
  if (before === undefined) return [today]
  return [{ from: 'prior', study: before, title: priorTitle(before) }, today]
}
