/** Which images are shown first, and where, by modality. Pure. */

import { type Image, isCine } from './image'

/** How a study is hung: one or two panes, or a grid of stills. */
export type Layout = 'one' | 'two' | 'grid'

export interface Hanging {
  layout: Layout
  /** Which images are in the panes, from left to right. */
  panes: number[]
}

const RADIOGRAPHS = new Set(['CR', 'DX', 'DR', 'MG', 'RG', 'PX', 'IO'])
const ULTRASOUND = new Set(['US', 'IVUS'])
/** PA before AP before lateral: the frontal picture hangs on the left. */
const VIEWS = ['PA', 'AP', 'LL', 'RL', 'LAT', 'LATERAL', 'LLO', 'RLO']

export function isRadiograph(modality: string): boolean {
  return RADIOGRAPHS.has(modality)
}

export function isUltrasound(modality: string): boolean {
  return ULTRASOUND.has(modality)
}

/** Return images in the order of the strip: by series, then by number, as they were made. */
export function ordered(images: readonly Image[]): Image[] {
  return [...images].sort(
    (one, other) =>
      one.seriesNumber - other.seriesNumber ||
      compared(one.seriesInstanceUid, other.seriesInstanceUid) ||
      one.instanceNumber - other.instanceNumber ||
      compared(one.contentTime, other.contentTime) ||
      compared(one.sopInstanceUid, other.sopInstanceUid),
  )
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** Return how a study hangs that has no prior beside it. */
export function hung(images: readonly Image[]): Hanging {
  const first = images[0]
  if (first === undefined) return { layout: 'one', panes: [] }
  if (isUltrasound(first.modality) && images.length > 1) return { layout: 'grid', panes: [0] }
  if (isRadiograph(first.modality)) {
    const pair = frontalAndLateral(images)
    if (pair !== undefined) return { layout: 'two', panes: pair }
    return { layout: 'one', panes: [best(images)] }
  }
  return { layout: 'one', panes: [0] }
}

/** Return the prior's image that answers best to one of today: the same view of the same part, or its first. */
export function counterpart(image: Image, prior: readonly Image[]): number {
  const places = prior.map((each, place) => ({
    place,
    rank:
      Number(each.modality === image.modality) * 4 +
      Number(each.bodyPart === image.bodyPart) * 2 +
      Number(viewRank(each) === viewRank(image)),
  }))
  places.sort((one, other) => other.rank - one.rank || one.place - other.place)
  return places[0]?.place ?? 0
}

function frontalAndLateral(images: readonly Image[]): number[] | undefined {
  const frontal = images.findIndex((image) => viewRank(image) <= 1)
  const lateral = images.findIndex((image) => {
    const rank = viewRank(image)
    return rank > 1 && rank < VIEWS.length
  })
  return frontal >= 0 && lateral >= 0 ? [frontal, lateral] : undefined
}

function best(images: readonly Image[]): number {
  const ranks = images.map(viewRank)
  return ranks.indexOf(Math.min(...ranks))
}

function viewRank(image: Image): number {
  const rank = VIEWS.indexOf(image.viewPosition.toUpperCase())
  return rank < 0 ? VIEWS.length : rank
}

/** Where the study's images divide into series, for the strip. */
export interface Series {
  uid: string
  number: number
  description: string
  modality: string
  /** Place of its first image, and how many follow. */
  first: number
  count: number
}

/** Return the series of images that are in order. */
export function seriesOf(images: readonly Image[]): Series[] {
  const found: Series[] = []
  images.forEach((image, place) => {
    const last = found[found.length - 1]
    if (last?.uid === image.seriesInstanceUid) last.count += 1
    else {
      found.push({
        uid: image.seriesInstanceUid,
        number: image.seriesNumber,
        description: image.seriesDescription,
        modality: image.modality,
        first: place,
        count: 1,
      })
    }
  })
  return found
}

/** Return whether going through an image's frames is a cine, and whether it begins by itself. */
export function playsAtOnce(image: Image): boolean {
  return isCine(image) && isUltrasound(image.modality)
}
