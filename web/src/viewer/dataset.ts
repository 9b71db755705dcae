/** A data set in the DICOM JSON model (PS3.18 annex F), read with care: devices write what they like. */

export interface Element {
  vr: string
  Value?: unknown[]
  BulkDataURI?: string
  InlineBinary?: string
}

export type DataSet = Readonly<Record<string, Element | undefined>>

/** Return the values of an element that are there; empty ones are null. */
export function values(dataset: DataSet, tag: string): unknown[] {
  return dataset[tag]?.Value ?? []
}

/** Return the first value as text, without the padding around it; "" where there is none. */
export function text(dataset: DataSet, tag: string): string {
  const value = values(dataset, tag)[0]
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}

/** Return the numbers of an element, in place; NaN for what is none. */
export function numbers(dataset: DataSet, tag: string): number[] {
  return values(dataset, tag).map((value) => (value === null || value === '' ? NaN : Number(value)))
}

/** Return the first number, or undefined where there is none that is finite. */
export function number(dataset: DataSet, tag: string): number | undefined {
  const value = numbers(dataset, tag)[0]
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/** Return the items of a sequence. */
export function items(dataset: DataSet, tag: string): DataSet[] {
  return values(dataset, tag).filter((item): item is DataSet => typeof item === 'object' && item !== null)
}

/** Return a person's name for a screen: ideographic before alphabetic, carets as spaces (PS3.5 6.2.1). */
export function personName(dataset: DataSet, tag: string): string {
  const value = values(dataset, tag)[0]
  if (typeof value === 'string') return spaced(value)
  if (typeof value !== 'object' || value === null) return ''
  const groups = value as Record<string, unknown>
  return ['Ideographic', 'Alphabetic', 'Phonetic']
    .map((group) => groups[group])
    .filter((name): name is string => typeof name === 'string' && name !== '')
    .slice(0, 2)
    .map(spaced)
    .join(' · ')
}

function spaced(name: string): string {
  return name.replace(/\^+/g, ' ').trim()
}

/** Return the bytes of a short binary value; undefined where they are elsewhere or none. */
export function inlineBytes(element: Element | undefined): Uint8Array | undefined {
  if (element?.InlineBinary === undefined) return undefined
  return Uint8Array.from(atob(element.InlineBinary), (letter) => letter.charCodeAt(0))
}
