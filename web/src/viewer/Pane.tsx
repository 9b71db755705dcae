/** One picture: its canvas, what stands in its corners, its marks, and the bar of a cine. */

import type { JSX } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { CineBar } from './CineBar'
import { bytesText, identityLines, lookingLine, studyLines } from './corners'
import { type Identity, isCine } from './image'
import { type Loaded, Loading } from './loading'
import { MarkLayer } from './MarkLayer'
import type { Draft, Mark } from './marks'
import type { Measured } from './measure'
import { onScreen, Pointer } from './pointer'
import { type Quality, Stage } from './stage'
import type { ShownImage } from './study'
import type { Tool } from './tools'
import { t } from './words'

/** A pane as keys and its neighbour reach it. */
export interface PaneHandle {
  stage: Stage
  shown: ShownImage
  turnTo: (frame: number) => void
  /** Give up a measure that is not whole; whether there was one. */
  cancel: () => boolean
}

/** What a hook holds from one drawing of the page to the next. */
export interface Held<Value> {
  current: Value
}

export interface PaneProps {
  shown: ShownImage
  identity: Identity
  /** Shown above: which study this is, where two are. */
  title: string | undefined
  isActive: boolean
  hidesNames: boolean
  showsMarks: boolean
  playsAtOnce: boolean
  tool: Tool
  marks: readonly Mark[]
  picked: string | undefined
  onHandle: (handle: PaneHandle | undefined) => void
  onActive: () => void
  onEnlarged: () => void
  onLook: () => void
  onWindow: () => void
  onQuality: (sopInstanceUid: string, quality: Quality) => void
  onMeasured: (draft: Draft, frame: number, stage: Stage) => void
  onPick: (mark: Mark | undefined) => void
  onPointMoved: (mark: Mark, place: number, at: readonly [number, number], isEnd: boolean) => void
}

const FOLLOWS_MS = 120
const NOTHING: Loaded = { state: 'loading', received: 0, total: undefined, framesHere: 0 }

export function Pane(props: PaneProps): JSX.Element {
  const { shown } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const looking = useRef<HTMLSpanElement>(null)
  const current = useRef(props)
  current.current = props
  const [stage, setStage] = useState<Stage>()
  const [loaded, setLoaded] = useState(NOTHING)
  const [quality, setQuality] = useState<Quality>('none')
  const [draft, setDraft] = useState<Draft>()
  const [, setLook] = useState('')
  const followed = useRef(0)
  const toldOf = useRef('')
  const loading = useRef<Loading>(undefined)
  const pointer = useRef<Pointer>(undefined)

  const onDrawn = useCallback((drawn: Stage) => {
    const { image } = drawn
    if (image === undefined) return
    if (looking.current !== null) {
      looking.current.textContent = lookingLine({
        voi: drawn.voi,
        zoom: drawn.view?.scale ?? 1,
        frame: drawn.frame,
        frameCount: image.frameCount,
      })
    }
    setQuality(drawn.quality)
    const told = `${image.sopInstanceUid} ${drawn.quality}`
    if (told !== toldOf.current) {
      toldOf.current = told
      drawn.canvas.dataset.shown = told
      current.current.onQuality(image.sopInstanceUid, drawn.quality)
    }
    // The page's tree need not follow every frame of a cine: a few times a second do.
    const now = performance.now()
    if (drawn.isPlaying && now - followed.current < FOLLOWS_MS) return
    followed.current = now
    setLook(`${drawn.frame} ${drawn.isPlaying} ${drawn.speed} ${drawn.bounces} ${drawn.matrix.join()}`)
  }, [])

  const turnTo = useCallback(
    (frame: number) => {
      const { current: own } = loading
      if (stage === undefined || own === undefined) return
      stage.isPlaying = false
      stage.turnTo(frame)
      void own.turnTo(stage.frame)
    },
    [stage],
  )

  useEffect(() => {
    if (canvas.current === null) return
    const made = new Stage(canvas.current, onDrawn)
    pointer.current = new Pointer(made, {
      tool: () => current.current.tool,
      marks: () => visible(current.current, made.frame),
      onLook: () => {
        current.current.onLook()
      },
      onWindow: () => {
        current.current.onWindow()
      },
      onFrame: (steps) => {
        made.isPlaying = false
        made.turnTo(made.frame + steps)
        void loading.current?.turnTo(made.frame)
      },
      onDraft: setDraft,
      onMeasured: (whole) => {
        current.current.onMeasured(whole, made.frame, made)
      },
      onPick: (mark) => {
        current.current.onPick(mark)
      },
      onPointMoved: (...how) => {
        current.current.onPointMoved(...how)
      },
    })
    const room = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect
      if (box !== undefined) {
        made.resize(Math.round(box.width * devicePixelRatio), Math.round(box.height * devicePixelRatio))
      }
    })
    room.observe(canvas.current)
    setStage(made)
    return () => {
      room.disconnect()
      made.stop()
    }
  }, [onDrawn])

  useEffect(() => {
    if (stage === undefined) return
    const controller = new AbortController()
    setLoaded(NOTHING)
    setDraft(undefined)
    stage.clear()
    const own = new Loading(shown, stage, controller.signal, setLoaded, current.current.playsAtOnce)
    loading.current = own
    void own.begin(0)
    const handle: PaneHandle = {
      stage,
      shown,
      turnTo,
      cancel: () => pointer.current?.cancel() ?? false,
    }
    current.current.onHandle(handle)
    return () => {
      controller.abort()
      stage.isPlaying = false
      current.current.onHandle(undefined)
    }
  }, [stage, shown, turnTo])

  const measured = useMeasured(stage, shown)
  const frame = stage?.frame ?? 0
  const { identity, title, isActive, hidesNames, showsMarks } = props
  return (
    <section
      class={isActive ? 'viewer-pane active' : 'viewer-pane'}
      aria-label={title ?? t('viewer.picture')}
      onPointerDownCapture={props.onActive}
      onDblClick={props.onEnlarged}
    >
      <div class="viewer-room">
        <canvas ref={canvas} class="viewer-canvas" data-sop-instance-uid={shown.image.sopInstanceUid} />
        {showsMarks && stage?.view !== undefined && !stage.isPlaying && (
          <MarkLayer
            marks={visible(props, frame)}
            draft={draft}
            picked={props.picked}
            measured={measured}
            place={(point) => onScreen(stage, point)}
          />
        )}
        <Corner place="top-left">
          {title !== undefined && <strong>{title}</strong>}
          {hidesNames ? t('viewer.names-hidden') : identityLines(identity).map((line) => <span>{line}</span>)}
        </Corner>
        <Corner place="top-right">
          {studyLines(identity, shown.image)
            .slice(hidesNames ? 1 : 0)
            .map((line) => (
              <span>{line}</span>
            ))}
        </Corner>
        <Corner place="bottom-left">
          <span ref={looking} class="viewer-looking" />
        </Corner>
        <QualityLine quality={quality} loaded={loaded} shown={shown} />
      </div>
      {isCine(shown.image) && stage !== undefined && (
        <CineBar stage={stage} frame={frame} framesHere={loaded.framesHere} onFrame={turnTo} />
      )}
    </section>
  )
}

/** Marks of the frame that is shown. */
function visible({ marks, shown }: PaneProps, frame: number): readonly Mark[] {
  return marks.filter(
    (mark) => mark.sopInstanceUid === shown.image.sopInstanceUid && mark.frame === frame + 1,
  )
}

function useMeasured(stage: Stage | undefined, { image }: ShownImage): Measured {
  return {
    scale: image.scale,
    aspect: image.pixelAspect,
    columns: image.columns,
    rows: image.rows,
    at: stage?.image === image ? stage.valueAt : undefined,
    valueUnit: image.dataset['00281054']?.Value?.[0] === 'HU' ? 'HU' : '',
  }
}

function Corner({
  place,
  children,
}: {
  place: string
  children: JSX.Element | (JSX.Element | JSX.Element[] | string | boolean)[]
}): JSX.Element {
  return <div class={`viewer-corner ${place}`}>{children}</div>
}

interface QualityProps {
  quality: Quality
  loaded: Loaded
  shown: ShownImage
}

/** Whether what one sees is all that there is: always there to be read. */
function QualityLine({ quality, loaded, shown }: QualityProps): JSX.Element {
  const { isLossyAtSource } = shown.frames.source
  const { state, received, total } = loaded
  const isLoading = state === 'loading' && received > 0
  const words =
    state === 'failed'
      ? t('viewer.failed')
      : state === 'unshowable'
        ? t('viewer.unshowable')
        : quality === 'none'
          ? t('viewer.loading')
          : quality === 'lossy'
            ? t('viewer.lossy')
            : isLossyAtSource
              ? t('viewer.lossy-at-source')
              : t('viewer.lossless')
  const style = quality === 'full' ? 'full' : state === 'done' ? 'lossy' : state
  return (
    <div class="viewer-corner bottom-right">
      {isLoading && quality !== 'full' && (
        <progress max={total ?? received} value={received} aria-label={t('viewer.loading')} />
      )}
      <span class={`viewer-quality ${style}`} data-quality={quality} role="status">
        {words}
        {isLoading && quality !== 'full' && ` · ${bytesText(received, total)}`}
      </span>
    </div>
  )
}
