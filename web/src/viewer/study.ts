/** A study as the viewer needs it: its images and electrocardiograms, in the order of the strip. */

import { type DataSet, items, number, text } from './dataset'
import { Frames } from './frames'
import { type FetchBytes, type GreyRule, greyRule } from './grey'
import { ordered } from './hanging'
import { greyDescription, type Identity, type Image, identityOf, imageOf, isGrey } from './image'
import { sourceOf } from './source'

/** Which study: everywhere together with its site, for only there a UID is unique. */
export interface StudyReference {
  siteId: string
  studyInstanceUid: string
}

export interface ShownImage {
  image: Image
  frames: Frames
  /** Address of the instance, without a host. */
  url: string
}

export interface ShownECG {
  sopInstanceUid: string
  /** Address of its numbers; `.svg` behind it is the sheet. */
  url: string
  seconds: number
  dataset: DataSet
}

export interface Study {
  reference: StudyReference
  identity: Identity
  images: ShownImage[]
  electrocardiograms: ShownECG[]
}

const ELECTROCARDIOGRAM = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.9\.1\.[1-4]$/

/** Return the address of a study below the root of its site. */
export function studyUrl({ siteId, studyInstanceUid }: StudyReference): string {
  return `/dicom-web/sites/${encodeURIComponent(siteId)}/studies/${encodeURIComponent(studyInstanceUid)}`
}

/** Load what is said of a study's instances; no pixel yet. */
export async function loadStudy(reference: StudyReference, signal: AbortSignal): Promise<Study> {
  const url = studyUrl(reference)
  const [datasets, listed] = await Promise.all([
    dicomJson(`${url}/metadata`, signal),
    dicomJson(`${url}/instances`, signal),
  ])
  const syntaxes = new Map(listed.map((each) => [text(each, '00080018'), text(each, '00083002')] as const))
  const images = ordered(datasets.flatMap((dataset) => imageOf(dataset) ?? []))
  return {
    reference,
    identity: identityOf(datasets[0] ?? {}),
    images: images.map((image) => {
      const own = `${url}/series/${image.seriesInstanceUid}/instances/${image.sopInstanceUid}`
      const source = sourceOf(image, syntaxes.get(image.sopInstanceUid) ?? '')
      return { image, frames: new Frames(image, source, own), url: own }
    }),
    electrocardiograms: datasets
      .filter((dataset) => ELECTROCARDIOGRAM.test(text(dataset, '00080016')))
      .map((dataset) => ecgOf(reference, dataset)),
  }
}

/** Return a study with what came since, behind all that was there: places in it stay what they are. Pure. */
export function grown(before: Study | 'failed' | undefined, now: Study): Study {
  if (before === undefined || before === 'failed') return now
  const known = new Set([...before.images, ...before.electrocardiograms].map(({ url }) => url))
  const images = now.images.filter(({ url }) => !known.has(url))
  const electrocardiograms = now.electrocardiograms.filter(({ url }) => !known.has(url))
  if (images.length + electrocardiograms.length === 0) return before
  return {
    ...before,
    images: [...before.images, ...images],
    electrocardiograms: [...before.electrocardiograms, ...electrocardiograms],
  }
}

function ecgOf({ siteId, studyInstanceUid }: StudyReference, dataset: DataSet): ShownECG {
  const sopInstanceUid = text(dataset, '00080018')
  const url = `/api/v1/studies/${studyInstanceUid}/instances/${sopInstanceUid}/ecg`
  return {
    sopInstanceUid,
    url: `${url}?site_id=${encodeURIComponent(siteId)}`,
    seconds: secondsOf(dataset),
    dataset,
  }
}

/** Return how long the longest group of a waveform lasts (PS3.3 C.10.9). */
function secondsOf(dataset: DataSet): number {
  const groups = items(dataset, '54000100')
  return Math.max(
    0,
    ...groups.map((group) => (number(group, '003A0010') ?? 0) / (number(group, '003A001A') ?? 1)),
  )
}

async function dicomJson(url: string, signal: AbortSignal): Promise<DataSet[]> {
  const response = await fetch(url, { headers: { Accept: 'application/dicom+json' }, signal })
  if (response.status === 204) return []
  if (!response.ok) throw new Error(`${response.status}`)
  return (await response.json()) as DataSet[]
}

/** Fetch a value by the address that the metadata gave, from this host whatever name it has there. */
export function bytesFetcher(signal: AbortSignal): FetchBytes {
  return async (address) => {
    const { pathname } = new URL(address, location.origin)
    const headers = { Accept: 'application/octet-stream' }
    const response = await fetch(pathname, { headers, signal })
    if (!response.ok) throw new Error(`${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }
}

/** Return how a frame's stored values become shades; undefined for colour. */
export async function ruleOf(
  image: Image,
  frame: number,
  signal: AbortSignal,
): Promise<GreyRule | undefined> {
  if (!isGrey(image)) return undefined
  return greyRule(image, greyDescription(image.dataset, frame), bytesFetcher(signal))
}
