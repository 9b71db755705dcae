/** The strip of series, and the grid of stills: small pictures to find one's way by. */

import type { JSX } from 'preact'
import { seriesOf } from './hanging'
import { isCine } from './image'
import type { Study } from './study'
import { t } from './words'

/** One thing that can be shown in a pane: an image or an electrocardiogram, of today or of before. */
export interface Choice {
  from: 'study' | 'prior'
  kind: 'image' | 'ecg'
  place: number
}

export function sameChoice(one: Choice | undefined, other: Choice): boolean {
  return one?.from === other.from && one.kind === other.kind && one.place === other.place
}

interface Props {
  studies: { from: Choice['from']; study: Study; title: string | undefined }[]
  shown: readonly (Choice | undefined)[]
  marked: ReadonlySet<string>
  onChoose: (choice: Choice) => void
}

export function Strip({ studies, shown, marked, onChoose }: Props): JSX.Element {
  return (
    <nav class="viewer-strip" aria-label={t('viewer.series')}>
      {studies.map(({ from, study, title }) => (
        <div class="viewer-strip-study">
          {title !== undefined && <strong>{title}</strong>}
          {study.electrocardiograms.map((_, place) => (
            <button
              type="button"
              class="viewer-thumb ecg"
              aria-pressed={shown.some((each) => sameChoice(each, { from, kind: 'ecg', place }))}
              onClick={() => {
                onChoose({ from, kind: 'ecg', place })
              }}
            >
              {t('viewer.ecg')}
            </button>
          ))}
          {seriesOf(study.images.map(({ image }) => image)).map((series) => (
            <div class="viewer-series" title={series.description}>
              <span class="viewer-series-name">
                {series.modality} {series.number || ''} {series.description}
              </span>
              <Thumbs
                study={study}
                from={from}
                first={series.first}
                count={series.count}
                shown={shown}
                marked={marked}
                onChoose={onChoose}
              />
            </div>
          ))}
        </div>
      ))}
    </nav>
  )
}

interface ThumbsProps {
  study: Study
  from: Choice['from']
  first: number
  count: number
  shown: readonly (Choice | undefined)[]
  marked: ReadonlySet<string>
  onChoose: (choice: Choice) => void
}

/** Pictures of at most 256 pixels, fetched when they come into sight. */
export function Thumbs(props: ThumbsProps): JSX.Element {
  const { study, from, first, count, shown, marked, onChoose } = props
  return (
    <div class="viewer-thumbs">
      {study.images.slice(first, first + count).map(({ image, url }, number) => {
        const choice: Choice = { from, kind: 'image', place: first + number }
        const what = [image.bodyPart, image.viewPosition, image.laterality].join(' ').trim()
        return (
          <button
            key={image.sopInstanceUid}
            type="button"
            class="viewer-thumb"
            aria-pressed={shown.some((each) => sameChoice(each, choice))}
            aria-label={`${t('viewer.picture')} ${first + number + 1} ${what}`}
            onClick={() => {
              onChoose(choice)
            }}
          >
            <img src={`${url}/thumbnail`} alt="" loading="lazy" decoding="async" draggable={false} />
            {image.frameCount > 1 && (
              <span class="viewer-badge">
                {isCine(image) ? '▶ ' : ''}
                {image.frameCount}
              </span>
            )}
            {marked.has(image.sopInstanceUid) && <span class="viewer-badge key">★</span>}
          </button>
        )
      })}
    </div>
  )
}

/** All pictures of a study, small, to choose from. */
export function Grid(props: Pick<ThumbsProps, 'study' | 'marked' | 'onChoose'>): JSX.Element {
  return <Thumbs {...props} from="study" first={0} count={props.study.images.length} shown={[]} />
}
