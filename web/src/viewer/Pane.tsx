/** One picture: its canvas, what stands in its corners, its marks, and the bar of what has frames. */

import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { late } from '../shell/parts'
import type { Identity } from './image'
import { MarkLayer } from './MarkLayer'
import type { Draft, Mark } from './marks'
import { Overlay } from './Overlay'
import { onScreen } from './pointer'
import type { Quality, Stage } from './stage'
import type { ShownImage } from './study'
import { isMeasure, type Tool } from './tools'
import { measuredOf } from './useMarking'
import { usePicture } from './usePicture'
import { t } from './words'

// Only what has frames needs it.
const CineBar = late(async () => (await import('./CineBar')).CineBar)

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
  /** What the site is called that it came from. */
  site: string
  identity: Identity
  /** Shown above: which study this is, where two are. */
  title: string | undefined
  isActive: boolean
  hidesNames: boolean
  showsMarks: boolean
  playsAtOnce: boolean
  tool: Tool
  marks: readonly Mark[]
  /** What another reading left in this study: shown, and not to be moved. */
  fixed: readonly Mark[]
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

export function Pane(props: PaneProps): JSX.Element {
  const { shown, title, isActive } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const looking = useRef<HTMLSpanElement>(null)
  const { handle, loaded, quality, draft } = usePicture(props, canvas, looking)
  const stage = handle?.stage
  return (
    <section
      class={isActive ? 'viewer-pane active' : 'viewer-pane'}
      aria-label={title ?? t('viewer.picture')}
      onPointerDownCapture={props.onActive}
      onDblClick={() => {
        // Two points that were set quickly are two points.
        if (!isMeasure(props.tool)) props.onEnlarged()
      }}
    >
      <div class="viewer-room">
        <canvas ref={canvas} class="viewer-canvas" data-sop-instance-uid={shown.image.sopInstanceUid} />
        {props.showsMarks && stage?.view !== undefined && !stage.isPlaying && (
          <MarkLayer
            marks={[...marksOf(props, stage.frame), ...marksOf({ shown, marks: props.fixed }, stage.frame)]}
            draft={draft}
            picked={props.picked}
            measured={measuredOf(stage, shown.image)}
            place={(point) => onScreen(stage, point)}
            width={stage.pane.width / devicePixelRatio}
          />
        )}
        <Overlay
          site={props.site}
          identity={props.identity}
          title={title}
          hidesNames={props.hidesNames}
          looking={looking}
          quality={quality}
          loaded={loaded}
          shown={shown}
        />
      </div>
      {shown.image.frameCount > 1 && handle !== undefined && (
        <CineBar pane={handle} framesHere={loaded.framesHere} />
      )}
    </section>
  )
}

/** Marks of the frame that is shown. */
export function marksOf(
  { marks, shown }: Pick<PaneProps, 'marks' | 'shown'>,
  frame: number,
): readonly Mark[] {
  return marks.filter(
    (mark) => mark.sopInstanceUid === shown.image.sopInstanceUid && mark.frame === frame + 1,
  )
}
