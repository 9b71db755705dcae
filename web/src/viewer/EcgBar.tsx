/** What one chooses of the paper, and what the callipers say. */

import type { JSX } from 'preact'
import { keysShown } from '../keys'
import { t } from '../shell/words'
import { calliperWords, GAINS, isMeasured, LAYOUTS, type Paper, SPEEDS } from './ecg'
import type { Callipers } from './useCallipers'

interface Props {
  title: string | undefined
  paper: Paper
  callipers: Callipers
  isCalibrating: boolean
  onPaper: (news: Partial<Paper>) => void
  onCalibrate: () => void
  onMeasured: (words: string) => void
}

export function EcgBar(props: Props): JSX.Element {
  const { title, paper, callipers, onPaper } = props
  return (
    <div class="viewer-ecg-bar">
      {title !== undefined && <strong>{title}</strong>}
      <Choice
        label={t('viewer.ecg-speed')}
        unit="mm/s"
        values={SPEEDS}
        value={paper.speedMmPerS}
        onChange={(speedMmPerS) => {
          onPaper({ speedMmPerS })
        }}
      />
      <Choice
        label={t('viewer.ecg-gain')}
        unit="mm/mV"
        values={GAINS}
        value={paper.gainMmPerMv}
        onChange={(gainMmPerMv) => {
          onPaper({ gainMmPerMv })
        }}
      />
      <Choice
        label={t('viewer.ecg-layout')}
        unit=""
        values={LAYOUTS}
        value={paper.layout}
        onChange={(layout) => {
          onPaper({ layout })
        }}
      />
      <Start paper={paper} onPaper={onPaper} />
      <button
        type="button"
        aria-pressed={callipers.marches}
        title={`${t('keys.march')} (${keysShown('march')})`}
        onClick={callipers.march}
      >
        {t('viewer.march')}
      </button>
      <button type="button" aria-expanded={props.isCalibrating} onClick={props.onCalibrate}>
        {t('viewer.calibrate')}
      </button>
      {!isMeasured(localStorage) && <span class="viewer-note">{t('viewer.not-calibrated')}</span>}
      <Found callipers={callipers} paper={paper} onMeasured={props.onMeasured} />
    </div>
  )
}

/** From which second on the sheet shows a long recording. */
function Start({ paper, onPaper }: Pick<Props, 'paper' | 'onPaper'>): JSX.Element {
  return (
    <label>
      {t('viewer.ecg-start')}
      <input
        type="number"
        min={0}
        step={10}
        value={paper.startSeconds}
        onChange={(event) => {
          onPaper({ startSeconds: Math.max(0, Number(event.currentTarget.value)) })
        }}
      />
      s
    </label>
  )
}

function Found({
  callipers: { span },
  paper,
  onMeasured,
}: Pick<Props, 'callipers' | 'paper' | 'onMeasured'>): JSX.Element | null {
  if (span === undefined) return null
  const words = calliperWords(span.from, span.to, paper)
  return (
    <output class="viewer-calliper-words">
      {words}
      <button
        type="button"
        onClick={() => {
          onMeasured(words)
        }}
      >
        {t('viewer.insert')}
      </button>
    </output>
  )
}

interface ChoiceProps<Value extends string | number> {
  label: string
  unit: string
  values: readonly Value[]
  value: Value
  onChange: (value: Value) => void
}

function Choice<Value extends string | number>(props: ChoiceProps<Value>): JSX.Element {
  const { label, unit, values, value, onChange } = props
  return (
    <label>
      {label}
      <select
        value={value}
        onChange={(event) => {
          const chosen = values[event.currentTarget.selectedIndex]
          if (chosen !== undefined) onChange(chosen)
        }}
      >
        {values.map((each) => (
          <option value={each}>
            {each} {unit}
          </option>
        ))}
      </select>
    </label>
  )
}
