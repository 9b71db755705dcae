/** What `?` shows: the table of keys, as far as it counts on this page. */
import { type KeyPlace, keysShown, TABLE } from './keys'
import { Dialog } from './shell/parts'
import { t } from './shell/words'
import './keys_help.css'

export function KeysHelp({ places, onClose }: { places: readonly KeyPlace[]; onClose: () => void }) {
  return (
    <Dialog title={t('keys.title')} onClose={onClose}>
      <div class="help">
        {places.map((place) => (
          <section key={place}>
            <h3>{t(`keys.place.${place}`)}</h3>
            <dl>
              {TABLE.filter((each) => each.place === place).map(({ action }) => (
                <div key={action}>
                  <dt>
                    <kbd>{keysShown(action)}</kbd>
                  </dt>
                  <dd>{t(`keys.${action}`)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="small">{t('keys.typing')}</p>
    </Dialog>
  )
}
