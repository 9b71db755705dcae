/** In which form an image's frames are asked for: what the browser can show without loss, in the fewest bytes. */

import { hasWideCells, type Image, isGrey } from './image'

const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'
const JPEG_LS = '1.2.840.10008.1.2.4.80'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
/** Decoded, in little endian: what every server gives. */
export const OCTETS = `application/octet-stream; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}`
const VIDEO = /^1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?$/
const NATIVE = new Set([
  '1.2.840.10008.1.2',
  EXPLICIT_LITTLE_ENDIAN,
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
])
/** Stored with loss, whatever the data set says of itself. */
const WITH_LOSS = new Set([
  JPEG_BASELINE,
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.81',
  '1.2.840.10008.1.2.4.91',
  '1.2.840.10008.1.2.4.111',
  '1.2.840.10008.1.2.4.112',
  '1.2.840.10008.1.2.4.203',
])

export type Form = 'jpeg' | 'values' | 'png' | 'video'

export interface Source {
  form: Form
  /** What follows the frame's address. */
  path: string
  accept: string
  /** Whether decoded octets may still hold bits that are none of the value. */
  hasLooseBits: boolean
  /** Whether the device itself gave the picture with loss: what is shown is all that there is. */
  isLossyAtSource: boolean
}

/** Return how the frames of an image in a transfer syntax are asked for. */
export function sourceOf(image: Image, transferSyntaxUid: string): Source {
  const isStoredWithLoss = WITH_LOSS.has(transferSyntaxUid)
  const isLossyAtSource = image.isLossyAtSource || isStoredWithLoss
  const common = { isLossyAtSource, hasLooseBits: NATIVE.has(transferSyntaxUid) }
  if (VIDEO.test(transferSyntaxUid)) return { ...common, form: 'video', path: '', accept: '' }
  if (transferSyntaxUid === JPEG_BASELINE && image.bitsStored === 8 && isJpegShown(image)) {
    const accept = `image/jpeg; transfer-syntax=${JPEG_BASELINE}`
    return { ...common, form: 'jpeg', path: '', accept }
  }
  if (isGrey(image) && !hasWideCells(image)) {
    const jpegLs = `image/jls; transfer-syntax=${JPEG_LS}`
    // Of what came with loss there is no JPEG-LS but as it came.
    const accept = isStoredWithLoss ? OCTETS : `${jpegLs}, ${OCTETS}; q=0.5`
    return { ...common, form: 'values', path: '', accept }
  }
  // Colour and palettes: the server's rule in eight bits, packed without loss.
  return { ...common, form: 'png', path: '/rendered', accept: 'image/png' }
}

/** Grey and YBR the browser decodes as everyone does; of RGB in a JPEG only the data set may know that it is RGB. */
function isJpegShown(image: Image): boolean {
  return isGrey(image) || image.photometricInterpretation.startsWith('YBR')
}
