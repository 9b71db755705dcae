/** The bar of a cine: play, speed, to and fro, which frame, and how much is here to be played. */

import type { JSX } from 'preact'
import type { Stage } from './stage'
import { t } from './words'

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 1.5, 2]

interface Props {
  stage: Stage
  frame: number
  framesHere: number
  onFrame: (frame: number) => void
}

export function CineBar({ stage, frame, framesHere, onFrame }: Props): JSX.Element {
  const count = stage.image?.frameCount ?? 1
  const rate = 1000 / (stage.image?.cine?.frameMs ?? 40)
  return (
    <div class="viewer-cine">
      <button
        type="button"
        aria-pressed={stage.isPlaying}
        aria-label={stage.isPlaying ? t('viewer.pause') : t('viewer.play')}
        onClick={() => {
          stage.play(!stage.isPlaying)
        }}
      >
        {stage.isPlaying ? '❚❚' : '▶'}
      </button>
      <div class="viewer-slider">
        <progress class="viewer-buffer" max={count} value={framesHere} aria-label={t('viewer.buffer')} />
        <input
          type="range"
          min={1}
          max={count}
          value={frame + 1}
          aria-label={t('viewer.frame')}
          onPointerUp={(event) => {
            event.currentTarget.blur()
          }}
          onInput={(event) => {
            onFrame(Number(event.currentTarget.value) - 1)
          }}
        />
      </div>
      <span class="viewer-count">
        {frame + 1} / {count}
      </span>
      <select
        aria-label={t('viewer.speed')}
        value={stage.speed}
        onChange={(event) => {
          stage.speed = Number(event.currentTarget.value)
          event.currentTarget.blur()
          stage.redraw()
        }}
      >
        {SPEEDS.map((speed) => (
          <option value={speed}>
            {Math.round(rate * speed)} {t('viewer.per-second')}
          </option>
        ))}
      </select>
      <button
        type="button"
        aria-pressed={stage.bounces}
        aria-label={t('viewer.bounce')}
        title={t('viewer.bounce')}
        onClick={() => {
          stage.bounces = !stage.bounces
          stage.redraw()
        }}
      >
        ⇄
      </button>
    </div>
  )
}
