/** Holds what draws a picture in a pane, what loads it, and the hand over it. */

import type { RefObject } from 'preact'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { lookingLine } from './corners'
import { type Loaded, Loading } from './loading'
import type { Draft } from './marks'
import { type Held, marksOf, type PaneHandle, type PaneProps } from './Pane'
import { Pointer } from './pointer'
import { type Quality, Stage } from './stage'

const FOLLOWS_MS = 120
const NOTHING: Loaded = { state: 'loading', received: 0, total: undefined, framesHere: 0 }

export interface Picture {
  handle: PaneHandle | undefined
  loaded: Loaded
  quality: Quality
  /** The measure that is being drawn. */
  draft: Draft | undefined
}

interface Made {
  stage: Stage
  pointer: Pointer
}

export function usePicture(
  props: PaneProps,
  canvas: RefObject<HTMLCanvasElement | null>,
  looking: RefObject<HTMLSpanElement | null>,
): Picture {
  const { shown } = props
  const current = useRef(props)
  current.current = props
  const loading = useRef<Loading>(undefined)
  const [made, setMade] = useState<Made>()
  const [loaded, setLoaded] = useState(NOTHING)
  const [draft, setDraft] = useState<Draft>()
  const [quality, onDrawn] = useDrawn(current, looking)

  useEffect(() => {
    if (canvas.current === null) return
    const stage = new Stage(canvas.current, onDrawn)
    const pointer = new Pointer(stage, handsOf(stage, current, loading, setDraft))
    const room = sized(stage)
    setMade({ stage, pointer })
    return () => {
      room.disconnect()
      stage.stop()
    }
  }, [onDrawn])

  const handle = useMemo<PaneHandle | undefined>(
    () =>
      made && {
        stage: made.stage,
        shown,
        turnTo: (frame) => turn(made.stage, loading.current, frame),
        cancel: () => made.pointer.cancel(),
      },
    [made, shown],
  )
  useEffect(() => {
    if (handle === undefined) return
    const { stage } = handle
    const controller = new AbortController()
    setLoaded(NOTHING)
    setDraft(undefined)
    stage.clear()
    const own = new Loading(shown, stage, controller.signal, setLoaded, current.current.playsAtOnce)
    loading.current = own
    void own.begin(0)
    current.current.onHandle(handle)
    return () => {
      controller.abort()
      stage.isPlaying = false
      current.current.onHandle(undefined)
    }
  }, [handle])
  return { handle, loaded, quality, draft }
}

/** Return how good the picture is, and what a stage calls after each drawing. */
function useDrawn(
  current: Held<PaneProps>,
  looking: RefObject<HTMLSpanElement | null>,
): [Quality, (drawn: Stage) => void] {
  const [quality, setQuality] = useState<Quality>('none')
  const [, setLook] = useState('')
  const followed = useRef(0)
  const toldOf = useRef('')
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
  return [quality, onDrawn]
}

/** Show another frame, and let it come as it was stored. */
function turn(stage: Stage, loading: Loading | undefined, frame: number): void {
  stage.isPlaying = false
  stage.turnTo(frame)
  void loading?.turnTo(stage.frame)
}

function handsOf(
  stage: Stage,
  current: Held<PaneProps>,
  loading: Held<Loading | undefined>,
  onDraft: (draft: Draft | undefined) => void,
): ConstructorParameters<typeof Pointer>[1] {
  return {
    tool: () => current.current.tool,
    marks: () => (current.current.showsMarks ? marksOf(current.current, stage.frame) : []),
    onLook: () => {
      current.current.onLook()
    },
    onWindow: () => {
      current.current.onWindow()
    },
    onFrame: (steps) => {
      turn(stage, loading.current, stage.frame + steps)
    },
    onDraft,
    onMeasured: (whole) => {
      current.current.onMeasured(whole, stage.frame, stage)
    },
    onPick: (mark) => {
      current.current.onPick(mark)
    },
    onPointMoved: (...how) => {
      current.current.onPointMoved(...how)
    },
  }
}

/** Let the canvas have as many pixels as its room has on the screen. */
function sized(stage: Stage): ResizeObserver {
  const room = new ResizeObserver(([entry]) => {
    const box = entry?.contentRect
    if (box !== undefined) {
      stage.resize(Math.round(box.width * devicePixelRatio), Math.round(box.height * devicePixelRatio))
    }
  })
  room.observe(stage.canvas)
  return room
}
