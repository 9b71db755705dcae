import type { JSX } from 'preact'
import type { Marking } from './useMarking'
import { t } from './words'

/** Ask what an arrow points at; nothing where none waits for it. */
export function ArrowText({ marking: { unnamed, name } }: { marking: Marking }): JSX.Element | null {
  if (unnamed === undefined) return null
  return (
    <form
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
          ref={(field) => field?.focus()}
          onKeyDown={(event) => {
            if (event.key === 'Escape') name(unnamed, '')
          }}
        />
      </label>
      <button type="submit">{t('viewer.done')}</button>
    </form>
  )
}
