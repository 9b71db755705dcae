/** The server's sheet at its true scale, with callipers over it. */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import {
  CARD_MM,
  calliperOf,
  GAINS,
  isMeasured,
  keepPixelsPerMm,
  LAYOUTS,
  marched,
  type Paper,
  pixelsPerMm,
  SPEEDS,
  sheetMm,
  sheetUrl,
  USUAL_PAPER,
} from './ecg'
import type { ShownECG } from './study'
import { t } from './words'

/** What stands above the first row of a sheet: whose it is. */
const HEADER_MM = 14

type Place = readonly [number, number]
interface Calliper {
  from: Place
  to: Place
}

/** What keys do in an ECG. */
export interface EcgHandle {
  march: () => void
  cancel: () => boolean
  reset: () => void
}

export interface EcgPaneProps {
  ecg: ShownECG
  hidesNames: boolean
  onSeen: (sopInstanceUid: string) => void
  onMeasured: (words: string) => void
  onHandle: (handle: EcgHandle | undefined) => void
}

export function EcgPane({ ecg, hidesNames, onSeen, onMeasured, onHandle }: EcgPaneProps): JSX.Element {
  const [paper, setPaper] = useState<Paper>(USUAL_PAPER)
  const [size, setSize] = useState<{ width: number; height: number }>()
  const [perMm, setPerMm] = useState(() => pixelsPerMm(localStorage))
  const [isCalibrating, setCalibrating] = useState(false)
  const [hasFailed, setFailed] = useState(false)
  const [calliper, setCalliper] = useState<Calliper>()
  const [marches, setMarches] = useState(false)
  const isDown = useRef(false)
  const sheet = useRef<HTMLDivElement>(null)

  useEffect(() => {
    onHandle({
      march: () => {
        setMarches((before) => !before)
      },
      cancel: () => {
        setCalliper(undefined)
        return calliper !== undefined
      },
      reset: () => {
        setPaper(USUAL_PAPER)
      },
    })
    return () => {
      onHandle(undefined)
    }
  }, [onHandle, calliper])

  const placeOf = (event: PointerEvent): Place => {
    const box = sheet.current?.getBoundingClientRect()
    return [(event.clientX - (box?.left ?? 0)) / perMm, (event.clientY - (box?.top ?? 0)) / perMm]
  }
  const found = calliper && calliperOf(calliper.from, calliper.to, paper)
  const words =
    found &&
    [
      `${Math.round(found.milliseconds)} ms`,
      found.perMinute === undefined ? '' : `${Math.round(found.perMinute)}/min`,
      `${found.millivolts >= 0 ? '+' : '−'}${Math.abs(found.millivolts).toFixed(2)} mV`,
    ]
      .filter((part) => part !== '')
      .join('  ')
  const change = (news: Partial<Paper>): void => {
    setPaper({ ...paper, ...news })
    setCalliper(undefined)
  }
  return (
    <section class="viewer-ecg" aria-label={t('viewer.ecg')}>
      <div class="viewer-ecg-bar">
        <Choice
          label={t('viewer.ecg-speed')}
          unit="mm/s"
          values={SPEEDS}
          value={paper.speedMmPerS}
          onChange={(speedMmPerS) => {
            change({ speedMmPerS })
          }}
        />
        <Choice
          label={t('viewer.ecg-gain')}
          unit="mm/mV"
          values={GAINS}
          value={paper.gainMmPerMv}
          onChange={(gainMmPerMv) => {
            change({ gainMmPerMv })
          }}
        />
        <Choice
          label={t('viewer.ecg-layout')}
          unit=""
          values={LAYOUTS}
          value={paper.layout}
          onChange={(layout) => {
            change({ layout })
          }}
        />
        <label>
          {t('viewer.ecg-start')}
          <input
            type="number"
            min={0}
            step={10}
            value={paper.startSeconds}
            onChange={(event) => {
              change({ startSeconds: Math.max(0, Number(event.currentTarget.value)) })
            }}
          />
          s
        </label>
        <button
          type="button"
          aria-pressed={marches}
          onClick={() => {
            setMarches(!marches)
          }}
        >
          {t('viewer.march')}
        </button>
        <button
          type="button"
          aria-expanded={isCalibrating}
          onClick={() => {
            setCalibrating(!isCalibrating)
          }}
        >
          {t('viewer.calibrate')}
        </button>
        {!isMeasured(localStorage) && <span class="viewer-note">{t('viewer.not-calibrated')}</span>}
        {words !== undefined && (
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
        )}
      </div>
      {isCalibrating && (
        <Calibration
          perMm={perMm}
          onChange={(pixels) => {
            setPerMm(pixels)
            keepPixelsPerMm(localStorage, pixels)
          }}
        />
      )}
      <div class="viewer-ecg-room">
        {hasFailed && <p role="alert">{t('viewer.unshowable')}</p>}
        <div
          ref={sheet}
          class="viewer-sheet"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            isDown.current = true
            const at = placeOf(event)
            setCalliper({ from: at, to: at })
          }}
          onPointerMove={(event) => {
            if (isDown.current && calliper) setCalliper({ ...calliper, to: placeOf(event) })
          }}
          onPointerUp={() => {
            isDown.current = false
          }}
        >
          <img
            src={sheetUrl(ecg.url, paper)}
            alt={t('viewer.ecg')}
            draggable={false}
            width={size && size.width * perMm}
            height={size && size.height * perMm}
            data-sop-instance-uid={ecg.sopInstanceUid}
            onError={() => {
              setFailed(true)
            }}
            onLoad={(event) => {
              const { naturalWidth, naturalHeight } = event.currentTarget
              setSize({ width: sheetMm(naturalWidth), height: sheetMm(naturalHeight) })
              setFailed(false)
              onSeen(ecg.sopInstanceUid)
            }}
          />
          {hidesNames && (
            <div class="viewer-covered" style={{ height: `${HEADER_MM * perMm}px` }}>
              {t('viewer.names-hidden')}
            </div>
          )}
          {size !== undefined && calliper !== undefined && (
            <Callipers calliper={calliper} size={size} marches={marches} />
          )}
        </div>
      </div>
    </section>
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

interface CallipersProps {
  calliper: Calliper
  size: { width: number; height: number }
  marches: boolean
}

function Callipers({ calliper: { from, to }, size, marches }: CallipersProps): JSX.Element {
  const { width, height } = size
  const further = marches ? marched(from[0], to[0], width) : []
  return (
    <svg class="viewer-callipers" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path class="time" d={[from[0], to[0]].map((x) => `M${x} 0V${height}`).join('')} />
      <path class="march" d={further.map((x) => `M${x} 0V${height}`).join('')} />
      <path
        class="voltage"
        d={`M${Math.min(from[0], to[0]) - 4} ${from[1]}H${Math.max(from[0], to[0]) + 4}M${
          Math.min(from[0], to[0]) - 4
        } ${to[1]}H${Math.max(from[0], to[0]) + 4}`}
      />
    </svg>
  )
}

/** A box that is to be made as wide as a bank card held against the screen. */
function Calibration({ perMm, onChange }: { perMm: number; onChange: (perMm: number) => void }): JSX.Element {
  return (
    <div class="viewer-calibration">
      <p>{t('viewer.calibration-help')}</p>
      <svg class="viewer-card" width={CARD_MM * perMm} height={54 * perMm} aria-hidden="true">
        <rect width="100%" height="100%" rx={3.2 * perMm} />
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
