/** When which frame is shown (PS3.3 C.7.6.5): by what the instance says, at the speed that the reader chose. */

import { type DataSet, number, numbers } from './dataset'

export interface CineTiming {
  /** Milliseconds of a frame, on average. */
  frameMs: number
  /** Milliseconds from the first frame to each, where frames are not equally far apart. */
  startsMs: number[] | undefined
}

/** How fast one can go, 1 being the rate of the instance. */
export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 1.5, 2]

const FASTEST_MS = 10
const SLOWEST_MS = 1000

/** Return the timing, or undefined where frames have none: slices, or pages. */
export function cineTiming(dataset: DataSet): CineTiming | undefined {
  const rate = number(dataset, '00082144') ?? number(dataset, '00180040')
  if (rate !== undefined && rate > 0) return even(1000 / rate)
  const time = number(dataset, '00181063')
  if (time !== undefined && time > 0) return even(time)
  return byVector(numbers(dataset, '00181065'))
}

function even(frameMs: number): CineTiming {
  return { frameMs: Math.min(Math.max(frameMs, FASTEST_MS), SLOWEST_MS), startsMs: undefined }
}

/** Frame Time Vector: the time from the frame before; the first value is 0 (C.7.6.5.1.2). */
function byVector(vector: number[]): CineTiming | undefined {
  const steps = vector.slice(1)
  const total = steps.reduce((sum, step) => sum + step, 0)
  if (steps.length === 0 || !(total > 0) || steps.some((step) => step < 0)) return undefined
  const startsMs = [0]
  for (const step of steps) startsMs.push((startsMs[startsMs.length - 1] ?? 0) + step)
  return { ...even(total / steps.length), startsMs }
}

/** Return how long frame `frame` stays, in milliseconds at speed 1. */
export function durationMs(timing: CineTiming, frame: number): number {
  const starts = timing.startsMs
  const own = starts?.[frame]
  const next = starts?.[frame + 1]
  const told = own === undefined || next === undefined ? timing.frameMs : next - own
  return Math.min(Math.max(told, FASTEST_MS), SLOWEST_MS)
}

export interface Playhead {
  frame: number
  /** When the frame's time began, in the clock's milliseconds. */
  since: number
  /** 1 forward, -1 backward, while going to and fro. */
  direction: 1 | -1
}

export interface PlayRules {
  /** How many frames from the first on are loaded: only they are played. */
  loaded: number
  speed: number
  bounces: boolean
}

/**
 * Return where the playhead is now. A tick that comes late skips frames, so that the heart beats at its rate;
 * after a long sleep of the page it goes on from where it was.
 */
export function advanced(head: Playhead, now: number, timing: CineTiming, rules: PlayRules): Playhead {
  if (rules.loaded < 2) return { ...head, since: now }
  let { frame, since, direction } = head
  if (now - since > 2 * SLOWEST_MS) since = now
  for (let steps = 0; steps < 200; steps += 1) {
    const stays = durationMs(timing, frame) / rules.speed
    // Screens tick a little early or late: half a millisecond is not a frame to lose.
    if (now - since < stays - 0.5) break
    since += stays
    ;[frame, direction] = following(frame, direction, rules)
  }
  return { frame, since, direction }
}

function following(frame: number, direction: 1 | -1, rules: PlayRules): [number, 1 | -1] {
  if (!rules.bounces) return [(frame + 1) % rules.loaded, 1]
  const next = frame + direction
  if (next >= 0 && next < rules.loaded) return [next, direction]
  const turned = direction === 1 ? -1 : 1
  return [Math.min(Math.max(frame + turned, 0), rules.loaded - 1), turned]
}
