/** The sheet of an ECG as the server draws it, at its true scale: one finger measures, two move the paper. */

import type { JSX, TargetedPointerEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { ask, wordsOf } from '../shell/api'
import { t } from '../shell/words'
import { marched, type Paper, sheetMm, sheetUrl } from './ecg'
import type { ShownECG } from './study'
import type { Callipers, Place, Span } from './useCallipers'

/** What stands above the first row of a sheet: whose it is. Side by side a line more says how they are related. */
const HEADER_MM = 14
const COMPARED_HEADER_MM = 19

interface Props {
  ecg: ShownECG
  paper: Paper
  perMm: number
  callipers: Callipers
  hidesNames: boolean
  onSeen: (sopInstanceUid: string) => void
}

export function EcgSheet({ ecg, paper, perMm, callipers, hidesNames, onSeen }: Props): JSX.Element {
  const [size, setSize] = useState<{ width: number; height: number }>()
  const [problem, setProblem] = useState('')
  const room = useRef<HTMLDivElement>(null)
  return (
    <div class="viewer-ecg-room" ref={room}>
      {problem !== '' && (
        <p role="alert">
          {t('viewer.unshowable')} · {problem}
        </p>
      )}
      <div class="viewer-sheet" {...useFingers(perMm, callipers, room)}>
        <img
          src={sheetUrl(ecg.url, paper)}
          alt={t('viewer.ecg')}
          draggable={false}
          width={size && size.width * perMm}
          height={size && size.height * perMm}
          data-sop-instance-uid={ecg.sopInstanceUid}
          onError={() => {
            // An image does not say why it is none; the hub says it when asked.
            ask('GET', sheetUrl(ecg.url, paper)).catch((error) => {
              setProblem(wordsOf(error))
            })
          }}
          onLoad={(event) => {
            const { naturalWidth, naturalHeight } = event.currentTarget
            setSize({ width: sheetMm(naturalWidth), height: sheetMm(naturalHeight) })
            setProblem('')
            onSeen(ecg.sopInstanceUid)
          }}
        />
        {hidesNames && (
          <div
            class="viewer-covered"
            style={{ height: `${(paper.compares ? COMPARED_HEADER_MM : HEADER_MM) * perMm}px` }}
          >
            {t('viewer.names-hidden')}
          </div>
        )}
        {size !== undefined && callipers.span !== undefined && (
          <Drawn span={callipers.span} size={size} marches={callipers.marches} />
        )}
      </div>
    </div>
  )
}

type Touched = TargetedPointerEvent<HTMLDivElement>

interface Fingers {
  onPointerDown: (event: Touched) => void
  onPointerMove: (event: Touched) => void
  onPointerUp: (event: Touched) => void
  onPointerCancel: (event: Touched) => void
}

function useFingers(perMm: number, callipers: Callipers, room: { current: HTMLElement | null }): Fingers {
  const down = useRef(new Map<number, { x: number; y: number }>()).current
  const placeOf = (event: Touched): Place => {
    const box = event.currentTarget.getBoundingClientRect()
    return [(event.clientX - box.left) / perMm, (event.clientY - box.top) / perMm]
  }
  const lift = (event: Touched): void => {
    down.delete(event.pointerId)
  }
  return {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId)
      down.set(event.pointerId, { x: event.clientX, y: event.clientY })
      const at = placeOf(event)
      callipers.set(down.size === 1 ? { from: at, to: at } : undefined)
    },
    onPointerMove: (event) => {
      const before = down.get(event.pointerId)
      if (before === undefined) return
      down.set(event.pointerId, { x: event.clientX, y: event.clientY })
      if (down.size === 1) {
        if (callipers.span) callipers.set({ ...callipers.span, to: placeOf(event) })
      } else {
        // Each of two fingers carries half of the way.
        room.current?.scrollBy((before.x - event.clientX) / 2, (before.y - event.clientY) / 2)
      }
    },
    onPointerUp: lift,
    onPointerCancel: lift,
  }
}

interface DrawnProps {
  span: Span
  size: { width: number; height: number }
  marches: boolean
}

function Drawn({ span: { from, to }, size, marches }: DrawnProps): JSX.Element {
  const { width, height } = size
  const further = marches ? marched(from[0], to[0], width) : []
  const [left, right] = [Math.min(from[0], to[0]) - 4, Math.max(from[0], to[0]) + 4]
  return (
    <svg class="viewer-callipers" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path class="time" d={[from[0], to[0]].map((x) => `M${x} 0V${height}`).join('')} />
      <path class="march" d={further.map((x) => `M${x} 0V${height}`).join('')} />
      <path class="voltage" d={`M${left} ${from[1]}H${right}M${left} ${to[1]}H${right}`} />
    </svg>
  )
}
