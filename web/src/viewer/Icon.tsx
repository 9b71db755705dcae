/** Small drawings for buttons: lines on a field of 20 by 20. */

import type { JSX } from 'preact'
import type { Action } from '../keys'

const PATHS: Partial<Record<Action, string>> = {
  window: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM10 3v14M10 6h4M10 9h6M10 12h5.5M10 15h3',
  pan: 'M10 2v16M2 10h16M10 2l-2.5 3M10 2l2.5 3M10 18l-2.5-3M10 18l2.5-3M2 10l3-2.5M2 10l3 2.5M18 10l-3-2.5M18 10l-3 2.5',
  zoom: 'M8.5 3a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM12.5 12.5L17 17M6 8.5h5M8.5 6v5',
  magnifier: 'M9 2.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM13.6 13.6L18 18M6 9a3 3 0 0 1 3-3',
  length: 'M3 15L15 3M1.5 13.5l3 3M13.5 1.5l3 3M7 13l-1.5-1.5M10 10L8.5 8.500M13 7l-1.5-1.5',
  angle: 'M3 16L13 4M3 16h14M9.5 16a7 7 0 0 0-2.6-5',
  cobb: 'M3 4l13 3M3 16l13-3M10 6v8',
  cardiothoracic: 'M2 4v12M18 4v12M2 14h16M6 8h7M6 6v4M13 6v4',
  ellipse: 'M2 10a8 5.5 0 1 0 16 0a8 5.5 0 1 0-16 0z',
  arrow: 'M3 17L13 7M8 6.500l5.5 0v5.500M14 17h4M16 13v4',
  'key-image':
    'M10 2.500l2.3 4.900l5.2.700l-3.8 3.700l1 5.200l-4.7-2.600l-4.7 2.600l1-5.200L2.5 8.100l5.2-.7z',
  fit: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M7 7h6v6H7z',
  'one-to-one': 'M3 7l2-2v10M9.5 8v.500M9.5 12v.500M14 7l2-2v10',
  'rotate-right': 'M15.5 8a6.5 6.5 0 1 0 .8 4M16.5 3v5h-5',
  'flip-horizontal': 'M10 2v16M7.5 5v10H2zM12.5 5v10H18z',
  invert: 'M10 3a7 7 0 0 1 0 14',
  reset: 'M4.5 8a6.5 6.5 0 1 1-.8 4M3.5 3v5h5',
  'hide-names': 'M2 10c3-5 13-5 16 0c-3 5-13 5-16 0zM10 8a2 2 0 1 0 0 4a2 2 0 1 0 0-4zM3 17L17 3',
  'hide-marks': 'M3 15L15 3M2 13l3 3M13 2l3 3M3 3l14 14',
  compare: 'M2.5 4h7v12h-7zM10.5 4h7v12h-7z',
  stack: 'M4 2.5h12v7H4zM4 10.5h12v7H4z',
  'link-panes': 'M8 7H6a3 3 0 0 0 0 6h2M12 7h2a3 3 0 0 1 0 6h-2M7 10h6',
  grid: 'M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z',
}

export function Icon({ of }: { of: Action }): JSX.Element {
  return (
    <svg class="viewer-icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {of === 'invert' && <path class="filled" d="M10 3a7 7 0 1 0 0 14z" />}
      <path d={PATHS[of]} />
    </svg>
  )
}
