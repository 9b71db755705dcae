// What the record says of an act, in words of the page's language; what has none is shown as it is written.
import { doorOf } from '../cases/rules'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'

/** The end of the key of its words. */
export function slug(written: string): string {
  return written
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

/** "report signed: final" is an act and what more there is to tell of it. */
export function parted(action: string): [act: string, more: string] {
  const at = action.indexOf(': ')
  return at < 0 ? [action, ''] : [action.slice(0, at), action.slice(at + 2)]
}

function grantOf(grant: string): string {
  if (grant === 'reader who held it') return t('audit.granted.holder')
  const [, role, preposition, place] = /^([a-z]+)(?: (at|in) (.+))?$/.exec(grant) ?? []
  if (!role) return grant
  const named = preposition === 'at' ? siteName(place ?? '') : place
  return [tOr(`admin.role.${role}`, role), named].filter(Boolean).join(' · ')
}

/** The roles and places that allowed an act. */
export function grantsInWords(grantedBy: string): string {
  return grantedBy.split(', ').map(grantOf).join(', ')
}

export function actInWords(action: string): string {
  const [act, more] = parted(action)
  const words = tOr(`audit.action.${slug(act)}`, act)
  if (!more) return words
  const told =
    act === 'granted' || act === 'revoked'
      ? grantsInWords(more)
      : more
          .split(', ')
          .map((each) => tOr(`audit.told.${slug(each)}`, each))
          .join(', ')
  return `${words}: ${told}`
}

export function eventInWords(event: string): string {
  return tOr(`audit.event.${slug(event)}`, event)
}

/** Who acted: a person or device by name, else the door; beneath it what the record itself has. */
export function actorInWords(actor: string, name: string): string {
  const door = doorOf(actor)
  return name || (door ? tOr(`audit.door.${door}`, actor) : actor)
}
