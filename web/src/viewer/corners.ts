/** What stands in the corners of a picture. Pure. */

import { type Voi, windowOf } from './grey'
import type { Identity, Image } from './image'

/** What changes while one looks. */
export interface Looking {
  voi: Voi | undefined
  /** Canvas pixels for each of the image. */
  zoom: number
  frame: number
  frameCount: number
}

/** Return who this is, in lines. */
export function identityLines(identity: Identity): string[] {
  const { name, patientId, sex, age, birthDate } = identity
  return [name, patientId, [sex, age, birthDate].filter((part) => part !== '').join(' · ')].filter(
    (line) => line !== '',
  )
}

/**
 * Return where and when it was made, in lines: the site as the hub calls it, and what the device says where that is
 * another word. A place tells who as well, and is hidden with names.
 */
export function studyLines(site: string, identity: Identity, image: Image, hidesNames: boolean): string[] {
  const { studyDate } = identity
  const places = hidesNames ? [] : [site, identity.institution]
  const { modality, bodyPart, viewPosition, laterality, seriesDescription } = image
  const what = [modality, bodyPart, viewPosition].filter((part) => part !== '').join(' ')
  return [...places, studyDate, what, laterality, seriesDescription].filter(
    (line, place, lines) => line !== '' && lines.indexOf(line) === place,
  )
}

/** Return how it is shown, in one line: W and L as they are called everywhere. */
export function lookingLine({ voi, zoom, frame, frameCount }: Looking): string {
  const parts = []
  if (voi !== undefined) parts.push(voiText(voi))
  parts.push(`${Math.round(zoom * 100)} %`)
  if (frameCount > 1) parts.push(`${frame + 1} / ${frameCount}`)
  return parts.join('   ')
}

/** Return a VOI in words: W and L, or the name of its table. */
export function voiText(voi: Voi): string {
  if (voi.kind === 'table') return voi.table.explanation || 'LUT'
  const { center, width } = windowOf(voi)
  return `W ${shortNumber(width)}  L ${shortNumber(center)}`
}

function shortNumber(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/** Return how many bytes came, in the unit that the total suggests. */
export function bytesText(received: number, total: number | undefined): string {
  const of = total ?? received
  const [unit, size] = of >= 1e6 ? ['MB', 1e6] : ['kB', 1e3]
  const digits = of >= 1e7 || of < 1e6 ? 0 : 1
  const shown = (received / Number(size)).toFixed(digits)
  return total === undefined
    ? `${shown} ${unit}`
    : `${shown} / ${(total / Number(size)).toFixed(digits)} ${unit}`
}
