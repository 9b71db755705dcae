/** The server's sheet at its true scale, with callipers over it. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { t } from '../shell/words'
import { Calibration } from './Calibration'
import { EcgBar } from './EcgBar'
import { EcgOverview } from './EcgOverview'
import { EcgSheet } from './EcgSheet'
import { isLong, keepPixelsPerMm, type Paper, pixelsPerMm, USUAL_PAPER } from './ecg'
import type { ShownECG } from './study'
import { type EcgHandle, useCallipers } from './useCallipers'
import './ecg.css'

export interface EcgPaneProps {
  ecg: ShownECG
  /** Shown above: which study this is, where two are. */
  title: string | undefined
  isActive: boolean
  hidesNames: boolean
  onActive: () => void
  onSeen: (sopInstanceUid: string) => void
  onMeasured: (words: string) => void
  onHandle: (handle: EcgHandle | undefined) => void
}

export function EcgPane(props: EcgPaneProps): JSX.Element {
  const [paper, setPaper] = useState<Paper>(USUAL_PAPER)
  const [perMm, setPerMm] = useState(() => pixelsPerMm(localStorage))
  const [isCalibrating, setCalibrating] = useState(false)
  const callipers = useCallipers(props.onHandle, () => {
    setPaper(USUAL_PAPER)
  })
  return (
    <section
      class={props.isActive ? 'viewer-ecg active' : 'viewer-ecg'}
      aria-label={props.title ?? t('viewer.ecg')}
      onPointerDownCapture={props.onActive}
    >
      <EcgBar
        title={props.title}
        paper={paper}
        callipers={callipers}
        isCalibrating={isCalibrating}
        onPaper={(news) => {
          setPaper({ ...paper, ...news })
          callipers.set(undefined)
        }}
        onCalibrate={() => {
          setCalibrating(!isCalibrating)
        }}
        onMeasured={props.onMeasured}
      />
      {isCalibrating && (
        <Calibration
          perMm={perMm}
          onChange={(pixels) => {
            setPerMm(pixels)
            keepPixelsPerMm(localStorage, pixels)
          }}
        />
      )}
      {isLong(props.ecg.seconds) && (
        <EcgOverview
          url={props.ecg.url}
          seconds={props.ecg.seconds}
          onStart={(startSeconds) => {
            setPaper({ ...paper, startSeconds })
            callipers.set(undefined)
          }}
        />
      )}
      <EcgSheet
        ecg={props.ecg}
        paper={paper}
        perMm={perMm}
        callipers={callipers}
        hidesNames={props.hidesNames}
        onSeen={props.onSeen}
      />
    </section>
  )
}
