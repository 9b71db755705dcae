/** The bar of what has frames: play, speed, to and fro, which frame, and how much is here to be played. */

import type { JSX } from 'preact'
import { type Action, keysShown } from '../keys'
import { SPEEDS } from './cine'
import { done } from './commands'
import { isCine } from './image'
import type { PaneHandle } from './Pane'
import { t } from './words'

interface Props {
  pane: PaneHandle
  framesHere: number
}

export function CineBar({ pane, framesHere }: Props): JSX.Element {
  const { stage, shown } = pane
  const count = shown.image.frameCount
  const { frame } = stage
  const isPlayed = isCine(shown.image)
  return (
    <div class="viewer-cine">
      {isPlayed && (
        <Button pane={pane} action="play" label={stage.isPlaying ? t('viewer.pause') : t('viewer.play')}>
          {stage.isPlaying ? '❚❚' : '▶'}
        </Button>
      )}
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
            pane.turnTo(Number(event.currentTarget.value) - 1)
          }}
        />
      </div>
      <span class="viewer-count">
        {frame + 1} / {count}
      </span>
      {isPlayed && <Speed pane={pane} />}
      {isPlayed && (
        <Button pane={pane} action="loop" label={t('viewer.bounce')} isPressed={stage.bounces}>
          ⇄
        </Button>
      )}
    </div>
  )
}

function Speed({ pane: { stage, shown } }: Pick<Props, 'pane'>): JSX.Element {
  const rate = 1000 / (shown.image.cine?.frameMs ?? 40)
  return (
    <select
      aria-label={t('viewer.speed')}
      title={`${t('viewer.speed')} (${keysShown('slower')} ${keysShown('faster')})`}
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
  )
}

interface ButtonProps {
  pane: PaneHandle
  action: Action
  label: string
  isPressed?: boolean
  children: string
}

/** Does what the key of its action does. */
function Button({ pane, action, label, isPressed, children }: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      aria-label={label}
      title={`${label} (${keysShown(action)})`}
      {...(isPressed === undefined ? {} : { 'aria-pressed': isPressed })}
      onClick={() => {
        done(action, pane)
      }}
    >
      {children}
    </button>
  )
}
