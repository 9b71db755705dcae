import type { JSX } from 'preact'
import { t } from '../shell/words'
import { CARD_MM } from './ecg'

const CARD_HEIGHT_MM = 54
const CARD_CORNER_MM = 3.2

interface Props {
  perMm: number
  onChange: (perMm: number) => void
}

/** A box that is to be made as wide as a bank card held against the screen. */
export function Calibration({ perMm, onChange }: Props): JSX.Element {
  return (
    <div class="viewer-calibration">
      <p>{t('viewer.calibration-help')}</p>
      <svg class="viewer-card" width={CARD_MM * perMm} height={CARD_HEIGHT_MM * perMm} aria-hidden="true">
        <rect width="100%" height="100%" rx={CARD_CORNER_MM * perMm} />
      </svg>
      <input
        class="viewer-ruler"
        type="range"
        min={2}
        max={12}
        step={0.01}
        value={perMm}
        aria-label={t('viewer.calibrate')}
        onInput={(event) => {
          onChange(Number(event.currentTarget.value))
        }}
      />
      <span>{perMm.toFixed(2)} px/mm</span>
    </div>
  )
}
