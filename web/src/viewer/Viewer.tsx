/** The viewer: one study, or two side by side, with strip, tools and marks. */

import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ArrowText } from './ArrowText'
import { linkLook, linkWindow } from './commands'
import { type EcgHandle, EcgPane } from './EcgPane'
import { playsAtOnce } from './hanging'
import type { Mark } from './marks'
import { Pane, type PaneHandle } from './Pane'
import { type Choice, Strip, Thumbs } from './Strip'
import type { Study, StudyReference } from './study'
import { Toolbar } from './Toolbar'
import type { Tool } from './tools'
import { useHanging } from './useHanging'
import { useMarking } from './useMarking'
import { type Seen, useSeen } from './useSeen'
import { useStudy } from './useStudy'
import { useViewerKeys } from './useViewerKeys'
import { t } from './words'
import './viewer.css'

export interface ViewerProps {
  study: StudyReference
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
  const study = useStudy(props.study)
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
}

const AT_FIRST: Shared = { tool: 'window', hidesNames: false, showsMarks: true, isLinked: true }

type Handles = [PaneHandle | undefined, PaneHandle | undefined]

function Reading(props: ViewerProps & { loaded: Study; before: Study | undefined }): JSX.Element {
  const { loaded, before } = props
  const [shared, setShared] = useState(AT_FIRST)
  const handles = useRef<Handles>([undefined, undefined])
  const ecg = useRef<EcgHandle | undefined>(undefined)
  const hanging = useHanging(loaded, before)
  const marking = useMarking(props, loaded, handles, hanging.active)
  const onSeen = useSeen(loaded, props.onSeen)
  const [, setTick] = useState(0)
  const run = useViewerKeys({ handles, ecg, hanging, marking, setShared, isLinked: shared.isLinked })

  const studies = useMemo(() => {
    const both = [{ from: 'study' as const, study: loaded, title: before && t('viewer.today') }]
    const priors = before === undefined ? [] : [{ from: 'prior' as const, study: before }]
    return [...priors.map((each) => ({ ...each, title: priorTitle(each.study) })), ...both]
  }, [loaded, before])
  const keyImages = useMemo(
    () =>
      new Set(
        marking.marks.filter(({ kind }) => kind === 'key-image').map(({ sopInstanceUid }) => sopInstanceUid),
      ),
    [marking.marks],
  )
  useEffect(() => {
    props.onKeyImage?.(marking.marks.filter(({ kind }) => kind === 'key-image'))
  }, [marking.marks])

  const pane = (slot: 0 | 1): JSX.Element | null => {
    const choice = hanging.choices[slot]
    const of = choice?.from === 'prior' ? before : loaded
    if (choice === undefined || of === undefined) return null
    if (choice.kind === 'ecg') {
      const shown = of.electrocardiograms[choice.place]
      return shown === undefined ? null : (
        <EcgPane
          key={shown.sopInstanceUid}
          ecg={shown}
          hidesNames={shared.hidesNames}
          onSeen={(uid) => {
            onSeen(uid, 'full')
          }}
          onMeasured={(words) => props.onMeasure?.(words)}
          onHandle={(handle) => {
            ecg.current = handle
          }}
        />
      )
    }
    const shown = of.images[choice.place]
    return shown === undefined ? null : (
      <Pane
        key={slot}
        shown={shown}
        identity={of.identity}
        title={before === undefined ? undefined : of === before ? priorTitle(of) : t('viewer.today')}
        isActive={hanging.layout === 'two' && hanging.active === slot}
        hidesNames={shared.hidesNames}
        showsMarks={shared.showsMarks}
        playsAtOnce={playsAtOnce(shown.image)}
        tool={shared.tool}
        marks={marking.marks}
        picked={marking.picked}
        onHandle={(handle) => {
          handles.current[slot] = handle
          setTick((tick) => tick + 1)
        }}
        onActive={() => {
          hanging.activate(slot)
        }}
        onEnlarged={() => {
          hanging.enlarge(slot)
        }}
        onLook={() => {
          if (shared.isLinked) linkLook(handles.current[slot], handles.current[slot ^ 1])
        }}
        onWindow={() => {
          if (shared.isLinked) linkWindow(handles.current[slot], handles.current[slot ^ 1])
        }}
        onQuality={(uid, quality) => {
          if (choice.from === 'study') onSeen(uid, quality)
          setTick((tick) => tick + 1)
        }}
        onMeasured={marking.add}
        onPick={marking.pick}
        onPointMoved={marking.movePoint}
      />
    )
  }

  return (
    <div class="viewer" data-layout={hanging.layout}>
      <Toolbar
        run={run}
        shared={shared}
        pane={handles.current[hanging.active]}
        hasTwo={hanging.layout === 'two'}
        isGrid={hanging.layout === 'grid'}
        hasTools={hanging.layout !== 'grid' && hanging.choices[hanging.active]?.kind === 'image'}
      />
      <div class={`viewer-panes ${hanging.layout}`}>
        {hanging.layout === 'grid' ? (
          <Thumbs
            study={loaded}
            from="study"
            first={0}
            count={loaded.images.length}
            shown={[]}
            marked={keyImages}
            onChoose={hanging.open}
          />
        ) : (
          (hanging.layout === 'two' ? [0 as const, 1 as const] : [hanging.active]).map(pane)
        )}
        <ArrowText marking={marking} />
        {marking.keeping !== 'kept' && (
          <span class={`viewer-keeping ${marking.keeping}`} role="status">
            {t(`viewer.marks.${marking.keeping}`)}
          </span>
        )}
      </div>
      <Strip studies={studies} shown={hanging.shown} marked={keyImages} onChoose={hanging.open} />
    </div>
  )
}

function priorTitle(study: Study): string {
  return `${t('viewer.prior')} ${study.identity.studyDate}`
}

export type { Choice }
