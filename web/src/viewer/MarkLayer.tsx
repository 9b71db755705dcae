/** Marks over a picture, drawn as lines of the page: sharp at every zoom, and nothing of them in the pixels. */

import type { JSX } from 'preact'
import { markText } from './mark_text'
import type { Draft, Mark } from './marks'
import { type Measured, quantitiesOf } from './measure'
import type { Point } from './transform'

interface Props {
  marks: readonly Mark[]
  draft: Draft | undefined
  picked: string | undefined
  measured: Measured
  place: (point: Point) => Point
  /** Width of the pane, in the page's pixels. */
  width: number
}

export function MarkLayer({ marks, draft, picked, measured, place, width }: Props): JSX.Element {
  return (
    <svg class="viewer-marks" aria-hidden="true">
      {marks.map((mark) => (
        <Drawn
          key={mark.id}
          mark={mark}
          isPicked={mark.id === picked}
          label={markText(mark, measured.scale)}
          place={place}
          width={width}
        />
      ))}
      {draft !== undefined && (
        <Drawn
          mark={draft}
          isPicked
          label={markText(
            { text: '', values: quantitiesOf(draft.kind, draft.points, measured) },
            measured.scale,
          )}
          place={place}
          width={width}
        />
      )}
    </svg>
  )
}

interface DrawnProps {
  mark: Pick<Mark, 'kind' | 'points'>
  isPicked: boolean
  label: string
  place: (point: Point) => Point
  width: number
}

function Drawn({ mark, isPicked, label, place, width }: DrawnProps): JSX.Element | null {
  const points = mark.points.map(place)
  const [first] = points
  if (first === undefined || mark.kind === 'key-image') return null
  const leftmost = points.reduce((best, point) => (point[0] < best[0] ? point : best), first)
  const rightmost = points.reduce((best, point) => (point[0] > best[0] ? point : best), first)
  // Words go where there is more room for them.
  const isLeft = leftmost[0] > width - rightmost[0]
  const anchor = isLeft ? leftmost : rightmost
  return (
    <g class={isPicked ? 'viewer-mark picked' : 'viewer-mark'}>
      <path class="halo" d={outline(mark.kind, points)} />
      <path d={outline(mark.kind, points)} />
      {points.map(([x, y]) => (
        <circle cx={x} cy={y} r={isPicked ? 4 : 2.5} />
      ))}
      {label !== '' && (
        <text x={anchor[0] + (isLeft ? -8 : 8)} y={anchor[1] - 6} text-anchor={isLeft ? 'end' : 'start'}>
          {label}
        </text>
      )}
    </g>
  )
}

function outline(kind: Mark['kind'], points: readonly Point[]): string {
  if (kind === 'ellipse') return ellipse(points)
  if (kind === 'arrow') return arrow(points)
  if (kind === 'angle') return lines([points])
  const pairs: Point[][] = []
  for (let at = 0; at + 1 < points.length; at += 2) pairs.push(points.slice(at, at + 2))
  return lines(pairs)
}

function lines(chains: readonly (readonly Point[])[]): string {
  return chains
    .map((chain) => chain.map(([x, y], place) => `${place === 0 ? 'M' : 'L'}${x} ${y}`).join(''))
    .join('')
}

function ellipse(points: readonly Point[]): string {
  const [from, to] = points
  if (from === undefined || to === undefined) return ''
  const across = Math.abs(to[0] - from[0]) / 2
  const down = Math.abs(to[1] - from[1]) / 2
  const left = Math.min(from[0], to[0])
  const middle = (from[1] + to[1]) / 2
  const half = `a${across} ${down} 0 1 0`
  return `M${left} ${middle}${half} ${2 * across} 0${half} ${-2 * across} 0`
}

/** The first point is the tip: what is meant is where one begins. */
function arrow(points: readonly Point[]): string {
  const [tip, tail] = points
  if (tip === undefined || tail === undefined) return ''
  const angle = Math.atan2(tail[1] - tip[1], tail[0] - tip[0])
  const barb = (turn: number): Point => [
    tip[0] + 12 * Math.cos(angle + turn),
    tip[1] + 12 * Math.sin(angle + turn),
  ]
  return lines([
    [tip, tail],
    [barb(0.45), tip, barb(-0.45)],
  ])
}
