/** Marks on images: measures, arrows and key images, kept with the case. Pure. */

import { type MeasureKind, POINT_COUNT } from './measure'
import type { Point } from './transform'

export type MarkKind = MeasureKind | 'key-image'

/** One mark; frames count from 1 here as in DICOM, points are columns and rows of the image from its corner. */
export interface Mark {
  id: string
  sopInstanceUid: string
  frame: number
  kind: MarkKind
  points: readonly Point[]
  text: string
  /** What was measured, as it was seen. */
  values: readonly MarkValue[]
  /** How a key image was looked at. */
  window?: { center: number; width: number } | undefined
}

export interface MarkValue {
  name: string
  value: number
  unit: string
}

/** All marks of a study, with what was before and what was taken back. */
export interface MarkHistory {
  marks: readonly Mark[]
  before: readonly (readonly Mark[])[]
  after: readonly (readonly Mark[])[]
  /** What was, while a hand still moves a point. */
  held?: readonly Mark[] | undefined
}

const STEPS_KEPT = 50
const LONGEST_TEXT = 200
/** Two points nearer than that, in pixels of the screen, were a click and no line. */
export const LEAST_PIXELS = 4

export const NO_MARKS: MarkHistory = { marks: [], before: [], after: [] }

/** Return the history with one more step. */
export function changed(history: MarkHistory, marks: readonly Mark[]): MarkHistory {
  const last = history.held ?? history.marks
  return { marks, before: [...history.before, last].slice(-STEPS_KEPT), after: [] }
}

/** Return the history in the middle of a step. */
export function changing(history: MarkHistory, marks: readonly Mark[]): MarkHistory {
  return { ...history, marks, held: history.held ?? history.marks }
}

export function undone(history: MarkHistory): MarkHistory {
  const last = history.before[history.before.length - 1]
  if (last === undefined) return history
  return {
    marks: last,
    before: history.before.slice(0, -1),
    after: [history.marks, ...history.after],
  }
}

export function redone(history: MarkHistory): MarkHistory {
  const [next, ...rest] = history.after
  if (next === undefined) return history
  return { marks: next, before: [...history.before, history.marks], after: rest }
}

/**
 * Return marks over what others drew since: of a mark that was changed or taken away here, that; of all others what
 * is there now. What they changed and was taken away here stays: it is more than was seen.
 */
export function merged(base: readonly Mark[], mine: readonly Mark[], theirs: readonly Mark[]): Mark[] {
  const before = byId(base)
  const own = byId(mine)
  const there = byId(theirs)
  const kept = theirs.flatMap((their) => {
    const was = before.get(their.id)
    const is = own.get(their.id)
    if (is === undefined) return was !== undefined && isSame(was, their) ? [] : [their]
    return was === undefined || !isSame(is, was) ? [is] : [their]
  })
  const added = mine.filter((is) => {
    if (there.has(is.id)) return false
    const was = before.get(is.id)
    const isTakenAway = was !== undefined && isSame(is, was)
    return !isTakenAway && !(is.kind === 'key-image' && theirs.some((their) => isSamePicture(their, is)))
  })
  return [...kept, ...added]
}

/** Return the history as if what others drew had been there all the time: no step takes theirs back. */
export function rebased(history: MarkHistory, base: readonly Mark[], theirs: readonly Mark[]): MarkHistory {
  const over = (marks: readonly Mark[]): Mark[] => merged(base, marks, theirs)
  const { held } = history
  return {
    marks: over(history.marks),
    before: history.before.map(over),
    after: history.after.map(over),
    held: held && over(held),
  }
}

function byId(marks: readonly Mark[]): Map<string, Mark> {
  return new Map(marks.map((mark) => [mark.id, mark]))
}

function isSame(one: Mark, other: Mark): boolean {
  return JSON.stringify(toWire(one)) === JSON.stringify(toWire(other))
}

function isSamePicture(one: Mark, other: Mark): boolean {
  return one.kind === other.kind && one.sopInstanceUid === other.sopInstanceUid && one.frame === other.frame
}

/** A mark that is being drawn. */
export interface Draft {
  kind: MeasureKind
  points: Point[]
}

/** Return the draft when a pointer goes down: a new line with both ends there, or one point more. */
export function begun(draft: Draft | undefined, kind: MeasureKind, at: Point): Draft {
  const points = draft?.kind === kind ? draft.points : []
  const isThirdOfAngle = kind === 'angle' && points.length === 2
  return { kind, points: isThirdOfAngle ? [...points, at] : [...points, at, at] }
}

/** Return the draft with its last point elsewhere; across a chest lines are level. */
export function moved(draft: Draft, at: Point): Draft {
  const points = draft.points.slice(0, -1)
  const start = points[points.length - 1]
  const isLevel = draft.kind === 'cardiothoracic-ratio' && start !== undefined
  return { ...draft, points: [...points, isLevel ? [at[0], start[1]] : at] }
}

export function isWhole(draft: Draft): boolean {
  return draft.points.length >= POINT_COUNT[draft.kind]
}

/** Return which point of which mark is there, within `reach` of the image's pixels. */
export function pointNear(
  marks: readonly Mark[],
  at: Point,
  reach: number,
): { mark: Mark; place: number } | undefined {
  for (const mark of [...marks].reverse()) {
    const place = mark.points.findIndex((point) => Math.hypot(point[0] - at[0], point[1] - at[1]) <= reach)
    if (place >= 0) return { mark, place }
  }
  return undefined
}

/** Return marks with one point of one of them elsewhere. */
export function withPoint(marks: readonly Mark[], id: string, place: number, at: Point): readonly Mark[] {
  return marks.map((mark) => {
    if (mark.id !== id) return mark
    const points = mark.points.map((point, number) => {
      if (number === place) return at
      // The other end of a level line goes up and down with it.
      const isOther = mark.kind === 'cardiothoracic-ratio' && number === (place ^ 1)
      return isOther ? ([point[0], at[1]] as const) : point
    })
    return { ...mark, points }
  })
}

/** A mark as the hub keeps it. */
export interface WireMark {
  mark_id: string
  kind: MarkKind
  sop_instance_uid: string
  frame: number
  points: readonly Point[]
  text: string
  values: readonly MarkValue[]
  window_center: number | null
  window_width: number | null
}

export function toWire(mark: Mark): WireMark {
  return {
    mark_id: mark.id,
    kind: mark.kind,
    sop_instance_uid: mark.sopInstanceUid,
    frame: mark.frame,
    points: mark.points,
    text: mark.text.slice(0, LONGEST_TEXT),
    values: mark.values,
    window_center: mark.window?.center ?? null,
    window_width: mark.window?.width ?? null,
  }
}

export function fromWire(wire: WireMark): Mark {
  const { window_center: center, window_width: width } = wire
  return {
    id: wire.mark_id,
    kind: wire.kind,
    sopInstanceUid: wire.sop_instance_uid,
    frame: wire.frame,
    points: wire.points,
    text: wire.text,
    values: wire.values,
    window: center === null || width === null ? undefined : { center, width },
  }
}
