// How far a study is on its way there and back.

import { t } from '../shell/words'
import { momentOf } from '../site/moments'
import type { Arrival, ArrivalState } from './types'

interface Step {
  words: string
  is: 'done' | 'now' | 'ahead'
  isRed?: boolean
}

const ORDER: ArrivalState[] = ['arriving', 'on-list', 'being-read', 'reported']

/** The steps of a study in their order; exactly one of them is `now`, or all are done. */
export function stepsOf(arrival: Arrival): Step[] {
  const waits = arrival.state === 'awaits-retake'
  const at = ORDER.indexOf(waits ? 'on-list' : arrival.state)
  const is = (index: number) =>
    at > index || arrival.state === 'reported' ? 'done' : at === index ? 'now' : 'ahead'
  const count = arrival.number_of_instances
  const all = arrival.expected_instances
  const received =
    all !== null && all > count
      ? t('send.step.received-of', { count, all })
      : t('send.step.received', { count })
  const reader = arrival.reading_physician
  return [
    { words: received, is: is(0) },
    { words: t('send.step.checked'), is: arrival.is_checked ? 'done' : 'ahead' },
    waits
      ? { words: t('send.step.awaits-retake'), is: 'now', isRed: true }
      : { words: t('send.step.on-list'), is: is(1) },
    {
      words: reader && at >= 2 ? t('send.step.read-by', { name: reader }) : t('send.step.read'),
      is: is(2),
    },
    {
      words: arrival.report
        ? t(`send.step.report.${statusOf(arrival.report.status)}`, { at: momentOf(arrival.report.signed_at) })
        : t('send.step.reported'),
      is: is(3),
    },
  ]
}

function statusOf(status: string): 'preliminary' | 'final' | 'amended' | 'appended' {
  return status === 'preliminary' || status === 'amended' || status === 'appended' ? status : 'final'
}

const SIGNS = { done: '✓', now: '●', ahead: '○' } as const

export function Steps({ arrival }: { arrival: Arrival }) {
  return (
    <ol class="steps">
      {stepsOf(arrival).map(({ words, is, isRed }, index) => (
        <li
          key={index}
          class={`${is} ${isRed ? 'red' : ''}`}
          aria-current={is === 'now' ? 'step' : undefined}
        >
          <span aria-hidden="true">{SIGNS[is]}</span> {words}
          <span class="sr-only">{t(`send.step.${is}`)}</span>
        </li>
      ))}
    </ol>
  )
}
