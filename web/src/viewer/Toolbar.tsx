/** The buttons: each does what its key does, and says it. */

import type { JSX } from 'preact'
import { type Action, keysShown } from '../keys'
import { presetsOf } from './commands'
import { voiText } from './corners'
import type { Voi } from './grey'
import { Icon } from './Icon'
import type { PaneHandle } from './Pane'
import { TOOLS } from './useViewerKeys'
import type { Shared } from './Viewer'
import { t } from './words'

interface Props {
  run: (action: Action) => void
  choose: (voi: Voi) => void
  shared: Shared
  pane: PaneHandle | undefined
  hasTwo: boolean
  isGrid: boolean
  /** Whether a picture is there for them. */
  hasTools: boolean
}

const GROUPS: readonly (readonly Action[])[] = [
  ['window', 'pan', 'zoom', 'magnifier'],
  ['length', 'angle', 'cobb', 'cardiothoracic', 'ellipse', 'arrow', 'key-image'],
  ['fit', 'one-to-one', 'rotate-right', 'flip-horizontal', 'invert', 'reset'],
]

export function Toolbar({ run, choose, shared, pane, hasTwo, isGrid, hasTools }: Props): JSX.Element {
  const button = (action: Action, isPressed?: boolean): JSX.Element => (
    <Button key={action} action={action} isPressed={isPressed} run={run} />
  )
  return (
    <div class="viewer-bar" role="toolbar" aria-label={t('viewer.tools')}>
      {(hasTools ? GROUPS : []).map((group) => (
        <div key={group[0]} class="viewer-group">
          {group.map((action) => {
            const tool = TOOLS[action]
            return button(action, tool === undefined ? undefined : tool === shared.tool)
          })}
        </div>
      ))}
      {hasTools && <Presets pane={pane} run={run} choose={choose} />}
      <div class="viewer-group">
        {button('hide-names', shared.hidesNames)}
        {hasTools && button('hide-marks', !shared.showsMarks)}
        {button('compare', hasTwo)}
        {hasTwo && button('stack', shared.isStacked)}
        {hasTwo && button('link-panes', shared.isLinked)}
        {button('grid', isGrid)}
      </div>
    </div>
  )
}

interface ButtonProps {
  action: Action
  isPressed: boolean | undefined
  run: (action: Action) => void
}

function Button({ action, isPressed, run }: ButtonProps): JSX.Element {
  const label = t(`keys.${action}`)
  return (
    <button
      type="button"
      data-action={action}
      aria-label={label}
      title={`${label} (${keysShown(action)})`}
      {...(isPressed === undefined ? {} : { 'aria-pressed': isPressed })}
      onClick={() => {
        run(action)
      }}
    >
      <Icon of={action} />
    </button>
  )
}

/** All windows that the header names, and one of our own; by number keys too. */
function Presets({ pane, run, choose }: Pick<Props, 'pane' | 'run' | 'choose'>): JSX.Element | null {
  const presets = presetsOf(pane?.stage)
  if (pane?.stage.rule === undefined) return null
  return (
    <select
      aria-label={t('viewer.presets')}
      value=""
      onChange={(event) => {
        const { value } = event.currentTarget
        event.currentTarget.value = ''
        event.currentTarget.blur()
        const chosen = presets[Number(value)]
        if (value === 'auto') run('window-auto')
        else if (chosen !== undefined) choose(chosen)
      }}
    >
      <option value="">{t('viewer.presets')}</option>
      {presets.map((voi, place) => (
        <option key={place} value={place}>
          {place + 1} · {presetText(voi)}
        </option>
      ))}
      <option value="auto">
        {keysShown('window-auto')} · {t('viewer.auto')}
      </option>
    </select>
  )
}

function presetText(voi: Voi): string {
  return voi.kind === 'window' && voi.explanation !== ''
    ? `${voi.explanation}: ${voiText(voi)}`
    : voiText(voi)
}
