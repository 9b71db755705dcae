/** What marks say in words: beside them on a picture, in the report, and below a key image. */

import type { Mark } from './marks'
import { shownValue } from './measure'
import type { Scale } from './scale'
import { t } from './words'

/** What is told with its name before the number; of the others the unit says enough. */
const NAMES = {
  mean: 'viewer.quantity.mean',
  ratio: 'viewer.quantity.ratio',
  sd: 'viewer.quantity.sd',
  velocity: 'viewer.quantity.velocity',
} as const

/** What a mark says, in one line: its words, or what was measured. */
export function markText({ text, values }: Pick<Mark, 'text' | 'values'>, scale: Scale): string {
  if (text !== '') return text
  const isAtDetector = scale.kind === 'spacing' && scale.atDetector
  return values
    .map(({ name, value, unit }) => {
      const shown = shownValue(name, value, unit)
      const where = isAtDetector && unit.startsWith('mm') ? ` (${t('viewer.at-detector')})` : ''
      const called = name in NAMES ? `${t(NAMES[name as keyof typeof NAMES])} ` : ''
      return `${called}${shown}${where}`
    })
    .join('  ')
}

/** Return marks with each key image saying what was drawn into it, as a report tells it below the picture. */
export function captioned(marks: readonly Mark[], scaleOf: (sopInstanceUid: string) => Scale): Mark[] {
  return marks.map((mark) => {
    if (mark.kind !== 'key-image') return mark
    const drawn = marks.filter(
      ({ kind, sopInstanceUid, frame }) =>
        kind !== 'key-image' && sopInstanceUid === mark.sopInstanceUid && frame === mark.frame,
    )
    const said = drawn.map((each) => markText(each, scaleOf(each.sopInstanceUid)))
    return { ...mark, text: said.filter((words) => words !== '').join('; ') }
  })
}
