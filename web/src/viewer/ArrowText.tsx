import type { JSX } from 'preact'
import type { Marking } from './useMarking'
import { t } from './words'

/** As a function that stays the same it is called when the field comes, not each time it is drawn anew. */
const focus = (field: HTMLInputElement | null): void => field?.focus()

/** Ask what an arrow points at; nothing where none waits for it. */
export function ArrowText({ marking: { unnamed, name } }: { marking: Marking }): JSX.Element | null {
  if (unnamed === undefined) return null
  return (
    <form
      key={unnamed.id}
      class="viewer-arrow-text"
      onSubmit={(event) => {
        event.preventDefault()
        const field = event.currentTarget.elements.namedItem('words')
        name(unnamed, field instanceof HTMLInputElement ? field.value.trim() : '')
      }}
    >
      <label>
        {t('viewer.arrow-text')}
        <input
          name="words"
          maxLength={200}
          autocomplete="off"
          ref={focus}
          onKeyDown={(event) => {
            if (event.key === 'Escape') name(unnamed, '')
          }}
        />
      </label>
      <button type="submit">{t('viewer.done')}</button>
    </form>
  )
}
