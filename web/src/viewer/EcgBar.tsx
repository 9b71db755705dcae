/** What one chooses of the paper, and what the callipers say. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { keysShown } from '../keys'
import { t } from '../shell/words'
import { BANDS, calliperWords, GAINS, isMeasured, LAYOUTS, NOTCHES, type Paper, SPEEDS } from './ecg'
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
      <Further paper={paper} onPaper={onPaper} />
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

/** What is off on the usual sheet. */
function Further({ paper, onPaper }: Pick<Props, 'paper' | 'onPaper'>): JSX.Element {
  return (
    <>
      <Choice
        label={t('viewer.ecg-band')}
        unit="Hz"
        none={t('viewer.ecg-off')}
        values={BANDS}
        value={paper.band}
        onChange={(band) => {
          onPaper({ band })
        }}
      />
      <Choice
        label={t('viewer.ecg-notch')}
        unit="Hz"
        none={t('viewer.ecg-off')}
        values={NOTCHES}
        value={paper.notch}
        onChange={(notch) => {
          onPaper({ notch })
        }}
      />
      <Toggle
        label="Cabrera"
        isOn={paper.isCabrera}
        onChange={(isCabrera) => {
          onPaper({ isCabrera })
        }}
      />
      <Toggle
        label={t('viewer.ecg-half')}
        isOn={paper.halvesChest}
        onChange={(halvesChest) => {
          onPaper({ halvesChest })
        }}
      />
      <Toggle
        label={t('viewer.compare')}
        isOn={paper.compares}
        onChange={(compares) => {
          onPaper({ compares })
        }}
      />
    </>
  )
}

interface ToggleProps {
  label: string
  isOn: boolean
  onChange: (isOn: boolean) => void
}

function Toggle({ label, isOn, onChange }: ToggleProps): JSX.Element {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={() => {
        onChange(!isOn)
      }}
    >
      {label}
    </button>
  )
}

/** From which second on the sheet shows a long recording; what is being typed stays when the page is drawn anew. */
function Start({ paper, onPaper }: Pick<Props, 'paper' | 'onPaper'>): JSX.Element {
  const [typed, setTyped] = useState<string>()
  return (
    <label>
      {t('viewer.ecg-start')}
      <input
        type="number"
        min={0}
        step={10}
        value={typed ?? String(paper.startSeconds)}
        onInput={(event) => {
          setTyped(event.currentTarget.value)
        }}
        onBlur={() => {
          setTyped(undefined)
        }}
        onChange={(event) => {
          setTyped(undefined)
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
  /** What is written for a value of nothing. */
  none?: string
  values: readonly Value[]
  value: Value
  onChange: (value: Value) => void
}

function Choice<Value extends string | number>(props: ChoiceProps<Value>): JSX.Element {
  const { label, unit, none, values, value, onChange } = props
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
          <option value={each}>{each === '' ? none : `${each} ${unit}`}</option>
        ))}
      </select>
    </label>
  )
}
