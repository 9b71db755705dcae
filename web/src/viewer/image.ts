/** What a data set says of its image: how to read its pixels, how to show them, how large things are. */

import { type CineTiming, cineTiming } from './cine'
import { type DataSet, type Element, items, number, numbers, personName, text, values } from './dataset'
import { type Scale, scaleOf } from './scale'

export type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID'

export interface Window {
  center: number
  width: number
  function: WindowFunction
}

export interface NamedWindow extends Window {
  /** Window Center & Width Explanation (0028,1055), empty where nothing is said. */
  explanation: string
}

/** A lookup table whose entries may still be elsewhere. */
export interface TableDescription {
  /** Number of entries, first input as it is written (0 to 65535), bits of an entry. */
  descriptor: [number, number, number]
  data: Element | undefined
  explanation: string
}

/** How stored values become shades, as the image says it for one frame. */
export interface GreyDescription {
  slope: number
  intercept: number
  modalityTable: TableDescription | undefined
  windows: NamedWindow[]
  voiTables: TableDescription[]
}

export interface Image {
  sopInstanceUid: string
  sopClassUid: string
  seriesInstanceUid: string
  seriesNumber: number
  seriesDescription: string
  instanceNumber: number
  modality: string
  rows: number
  columns: number
  frameCount: number
  samplesPerPixel: number
  photometricInterpretation: string
  bitsAllocated: number
  bitsStored: number
  highBit: number
  isSigned: boolean
  isInverse: boolean
  /** Pixel Padding Value and its range's end, lowest first; undefined where nothing is padded. */
  padding: [number, number] | undefined
  /** Height of a pixel by its width. */
  pixelAspect: number
  isLossyAtSource: boolean
  scale: Scale
  cine: CineTiming | undefined
  bodyPart: string
  viewPosition: string
  laterality: string
  contentTime: string
  dataset: DataSet
}

/** Return the image of a data set, or undefined where it has none. */
export function imageOf(dataset: DataSet): Image | undefined {
  const rows = number(dataset, '00280010') ?? 0
  const columns = number(dataset, '00280011') ?? 0
  if (rows < 1 || columns < 1) return undefined
  const bitsAllocated = number(dataset, '00280100') ?? 16
  const bitsStored = number(dataset, '00280101') ?? bitsAllocated
  const scale = scaleOf(dataset)
  return {
    sopInstanceUid: text(dataset, '00080018'),
    sopClassUid: text(dataset, '00080016'),
    seriesInstanceUid: text(dataset, '0020000E'),
    seriesNumber: number(dataset, '00200011') ?? 0,
    seriesDescription: text(dataset, '0008103E'),
    instanceNumber: number(dataset, '00200013') ?? 0,
    modality: text(dataset, '00080060'),
    rows,
    columns,
    frameCount: Math.max(1, number(dataset, '00280008') ?? 1),
    samplesPerPixel: number(dataset, '00280002') ?? 1,
    photometricInterpretation: text(dataset, '00280004'),
    bitsAllocated,
    bitsStored,
    highBit: number(dataset, '00280102') ?? bitsStored - 1,
    isSigned: number(dataset, '00280103') === 1,
    isInverse: isInverse(dataset),
    padding: paddingOf(dataset),
    pixelAspect: aspectOf(dataset, scale),
    isLossyAtSource: text(dataset, '00282110') === '01',
    scale,
    cine: cineTiming(dataset),
    bodyPart: text(dataset, '00180015'),
    viewPosition: text(dataset, '00185101') || viewCode(dataset),
    laterality: text(dataset, '00200062') || text(dataset, '00200060'),
    contentTime: text(dataset, '00080033'),
    dataset,
  }
}

/** Whether the pixels are shades of grey, which can be windowed. */
export function isGrey(image: Image): boolean {
  return image.samplesPerPixel === 1 && image.photometricInterpretation.startsWith('MONOCHROME')
}

/** Whether its values are in cells that are not looked up here: single bits, or more than sixteen. */
export function hasWideCells(image: Image): boolean {
  return image.bitsAllocated !== 8 && image.bitsAllocated !== 16
}

/** Whether its frames are to be played and not paged through: slices have no time. */
export function isCine(image: Image): boolean {
  return image.frameCount > 1 && image.cine !== undefined
}

/** What identifies the patient and the study on a screen. */
export interface Identity {
  name: string
  patientId: string
  sex: string
  age: string
  birthDate: string
  studyDate: string
  institution: string
}

const DATE = /^\d{8}$/

/** Return whose a data set is. */
export function identityOf(dataset: DataSet): Identity {
  return {
    name: personName(dataset, '00100010'),
    patientId: text(dataset, '00100020'),
    sex: text(dataset, '00100040'),
    age: text(dataset, '00101010').replace(/^0+(?=\d)/, '') || ageAt(dataset),
    birthDate: dateText(text(dataset, '00100030')),
    studyDate: dateText(text(dataset, '00080020')),
    institution: text(dataset, '00080080'),
  }
}

/** Whole years at the study, where the device did not say the age; "" where a date is missing. */
function ageAt(dataset: DataSet): string {
  const [birth, study] = [text(dataset, '00100030'), text(dataset, '00080020')]
  if (!DATE.test(birth) || !DATE.test(study)) return ''
  const years = Math.floor((Number(study) - Number(birth)) / 10_000)
  return years >= 1 && years < 130 ? `${years}Y` : ''
}

function dateText(date: string): string {
  return DATE.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date
}

/** Return what the image says of frame `frame` (from 0): functional groups go before it (C.7.6.16). */
export function greyDescription(dataset: DataSet, frame: number): GreyDescription {
  const shared = items(dataset, '52009229')[0]
  const own = items(dataset, '52009230')[frame]
  let voi = dataset
  let modality = dataset
  for (const group of [shared, own]) {
    if (group === undefined) continue
    voi = items(group, '00289132')[0] ?? voi
    modality = items(group, '00289145')[0] ?? modality
  }
  const [slope, intercept] = rescale(modality)
  return {
    slope,
    intercept,
    modalityTable: tables(modality, '00283000')[0],
    windows: windows(voi),
    voiTables: tables(voi, '00283010'),
  }
}

/** Both or neither count, and a slope of 0 says nothing (C.11.1.1.2). */
function rescale(dataset: DataSet): [number, number] {
  const slope = number(dataset, '00281053')
  const intercept = number(dataset, '00281052')
  return slope === undefined || intercept === undefined || slope === 0 ? [1, 0] : [slope, intercept]
}

/** Return all pairs that have a width; some devices write 0 for none (C.11.2.1.2.1). */
function windows(dataset: DataSet): NamedWindow[] {
  const widths = numbers(dataset, '00281051')
  const explanations = values(dataset, '00281055')
  const named = text(dataset, '00281056')
  const voiFunction = (named === '' ? 'LINEAR' : named) as WindowFunction
  return numbers(dataset, '00281050').flatMap((center, place) => {
    const width = widths[place]
    if (width === undefined || !Number.isFinite(center) || !Number.isFinite(width)) return []
    if (voiFunction === 'LINEAR' ? width < 1 : width <= 0) return []
    const explanation = explanations[place]
    return [
      {
        center,
        width,
        function: voiFunction,
        explanation: typeof explanation === 'string' ? explanation : '',
      },
    ]
  })
}

function tables(dataset: DataSet, tag: string): TableDescription[] {
  return items(dataset, tag).flatMap((item) => {
    const [count, first, bits] = numbers(item, '00283002')
    if (count === undefined || first === undefined || bits === undefined) return []
    if (!(bits >= 1 && bits <= 16)) return []
    return [
      {
        descriptor: [count & 0xffff || 0x10000, first & 0xffff, bits] as [number, number, number],
        data: item['00283006'],
        explanation: text(item, '00283003'),
      },
    ]
  })
}

/** Presentation LUT Shape says it best; MONOCHROME1 with INVERSE is inverted once (C.8.11.3.1.2). */
function isInverse(dataset: DataSet): boolean {
  const shape = text(dataset, '20500020')
  if (shape === 'IDENTITY' || shape === 'INVERSE') return shape === 'INVERSE'
  return text(dataset, '00280004') === 'MONOCHROME1'
}

function paddingOf(dataset: DataSet): [number, number] | undefined {
  let first = number(dataset, '00280120')
  if (first === undefined) return undefined
  let last = number(dataset, '00280121') ?? first
  if (number(dataset, '00280103') !== 1) {
    first &= 0xffff
    last &= 0xffff
  }
  return [Math.min(first, last), Math.max(first, last)]
}

/** Pixel Aspect Ratio is vertical by horizontal size (C.7.6.3.1.7); spacing says it too. */
function aspectOf(dataset: DataSet, scale: Scale): number {
  const [vertical, horizontal] = numbers(dataset, '00280034')
  const told =
    vertical !== undefined && horizontal !== undefined
      ? vertical / horizontal
      : scale.kind === 'spacing'
        ? scale.rowMm / scale.columnMm
        : 1
  return Number.isFinite(told) && told > 0.1 && told < 10 ? told : 1
}

/** View Code Sequence (0054,0220) where View Position is empty. */
function viewCode(dataset: DataSet): string {
  const code = items(dataset, '00540220')[0]
  return code === undefined ? '' : text(code, '00080104')
}
