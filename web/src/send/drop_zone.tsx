// Where files come in: dropped on it, or chosen by its buttons.
import { useRef, useState } from 'preact/hooks'
import { t } from '../shell/words'
import { type Chosen, chosenIn, chosenInDrop } from './gather'

export function DropZone({ onChosen }: { onChosen: (chosen: Chosen[]) => void }) {
  const [isOver, setOver] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)

  function take(input: HTMLInputElement): void {
    const chosen = chosenIn(input.files)
    // The same files may be chosen again, after a cut.
    input.value = ''
    if (chosen.length) onChosen(chosen)
  }

  return (
    <section
      class={`drop ${isOver ? 'over' : ''}`}
      aria-labelledby="drop-title"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        if (!event.dataTransfer) return
        void chosenInDrop(event.dataTransfer).then((chosen) => chosen.length && onChosen(chosen))
      }}
    >
      <h2 id="drop-title">{t('send.drop.title')}</h2>
      <p class="small">{t('send.drop.hint')}</p>
      <div class="row">
        <button type="button" class="primary" onClick={() => files.current?.click()}>
          {t('send.drop.files')}
        </button>
        <button type="button" onClick={() => folder.current?.click()}>
          {t('send.drop.folder')}
        </button>
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={t('send.drop.files')}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        {...{ webkitdirectory: true }}
        aria-label={t('send.drop.folder')}
        onChange={(event) => take(event.currentTarget)}
      />
    </section>
  )
}
