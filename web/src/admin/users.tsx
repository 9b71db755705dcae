// People, their roles, and the tokens of programs. A secret is shown once, by the answer that made it.
import { useState } from 'preact/hooks'
import { post } from '../shell/api'
import { session } from '../shell/session'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { useListed } from './listed'
import {
  type Blank,
  enableForm,
  type Form,
  FormDialog,
  InUse,
  Rows,
  SecretDialog,
  Section,
  type Values,
} from './parts'
import { Tokens } from './tokens'
import type { Grant, Group, Items, Site, User } from './types'

const ROLES = ['technician', 'reader', 'clinic', 'admin', 'auditor']
const SITE_NEEDED = new Set(['technician', 'clinic'])

export interface Secret {
  title: string
  secret: string
}

interface Places {
  sites: Site[]
  groups: Group[]
}

function grantBlanks(places: Places, values: Values): Blank[] {
  const role = values.role ?? ROLES[0]!
  const roles: Blank = {
    name: 'role',
    label: t('admin.role'),
    options: ROLES.map((each) => [each, tOr(`admin.role.${each}`, each)]),
  }
  if (role === 'reader') {
    const options = places.groups
      .filter((group) => !group.disabled_at)
      .map((group): [string, string] => [group.reading_group_id, group.name])
    return [roles, { name: 'reading_group_id', label: t('admin.group'), options, isRequired: true }]
  }
  const sites = places.sites
    .filter((site) => !site.disabled_at)
    .map((site): [string, string] => [site.site_id, site.name])
  const options: [string, string][] = SITE_NEEDED.has(role) ? sites : [['', t('admin.everywhere')], ...sites]
  return [roles, { name: 'site_id', label: t('admin.site'), options, isRequired: SITE_NEEDED.has(role) }]
}

export function grantOf(values: Values): Grant {
  return {
    role: values.role ?? '',
    site_id: values.site_id || null,
    reading_group_id: values.reading_group_id || null,
  }
}

export function placeOf(grant: Grant, groups: readonly Group[]): string {
  const group = groups.find((each) => each.reading_group_id === grant.reading_group_id)
  return grant.site_id
    ? siteName(grant.site_id)
    : (group?.name ?? grant.reading_group_id ?? t('admin.everywhere'))
}

function addForm(places: Places, show: (secret: Secret) => void, done: () => void): Form {
  return {
    title: t('admin.add-user'),
    submit: t('admin.add'),
    blanks: (values) => [
      { name: 'username', label: t('shell.username'), isRequired: true, hint: t('admin.username-hint') },
      { name: 'display_name', label: t('admin.person-name'), isRequired: true, hint: t('admin.person-hint') },
      ...grantBlanks(places, values),
    ],
    send: async (values) => {
      const body = { username: values.username, display_name: values.display_name, grants: [grantOf(values)] }
      const made = await post<{ user: User; password: string }>('/api/v1/users', body)
      done()
      show({ title: t('admin.password-for', { name: made.user.username }), secret: made.password })
    },
  }
}

function grantForm(user: User, places: Places, done: () => void): Form {
  return {
    title: t('admin.grant-to', { name: user.display_name }),
    submit: t('admin.grant'),
    blanks: (values) => grantBlanks(places, values),
    send: async (values) => {
      await post(`/api/v1/users/${user.user_id}/grants`, grantOf(values))
      done()
    },
  }
}

function revokeForm(user: User, grant: Grant, place: string, done: () => void): Form {
  return {
    title: t('admin.revoke-title', { name: user.display_name }),
    text: `${tOr(`admin.role.${grant.role}`, grant.role)} · ${place}`,
    submit: t('admin.revoke'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`/api/v1/users/${user.user_id}/grants/revoke`, grant)
      done()
    },
  }
}

function resetForm(user: User, show: (secret: Secret) => void, done: () => void): Form {
  return {
    title: t('admin.reset-title', { name: user.display_name }),
    text: t('admin.reset-text'),
    submit: t('admin.reset'),
    blanks: () => [],
    send: async () => {
      const made = await post<{ password: string }>(`/api/v1/users/${user.user_id}/reset`)
      done()
      show({ title: t('admin.password-for', { name: user.username }), secret: made.password })
    },
  }
}

function disableForm(user: User, done: () => void): Form {
  return {
    title: t('admin.disable-title', { name: user.display_name }),
    text: t('admin.disable-user-text'),
    submit: t('admin.disable'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`/api/v1/users/${user.user_id}/disable`)
      done()
    },
  }
}

function Grants(props: {
  user: User
  groups: readonly Group[]
  isOwn: boolean
  revoke: (grant: Grant, place: string) => void
}) {
  const { user } = props
  return (
    <ul class="grants">
      {user.grants.map((grant) => {
        const [role, place] = [tOr(`admin.role.${grant.role}`, grant.role), placeOf(grant, props.groups)]
        return (
          <li key={`${role} ${place}`}>
            <span class="mark">
              {role} · {place}
            </span>
            {!props.isOwn && !user.is_disabled && (
              <button
                type="button"
                class="quiet small-act"
                aria-label={`${t('admin.revoke')}: ${user.username} ${role} ${place}`}
                title={t('admin.revoke')}
                onClick={() => props.revoke(grant, place)}
              >
                ✕
              </button>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function People(props: {
  users: User[]
  open: (form: Form) => void
  places: Places
  show: (secret: Secret) => void
  done: () => void
}) {
  const own = session()?.username
  return (
    <>
      {props.users.map((user) => (
        <tr key={user.user_id}>
          <td>
            {user.username}
            {user.must_change_password && <div class="small">{t('admin.new-password')}</div>}
          </td>
          <td>{user.display_name}</td>
          <td>
            <Grants
              user={user}
              isOwn={user.username === own}
              groups={props.places.groups}
              revoke={(grant, place) => props.open(revokeForm(user, grant, place, props.done))}
            />
          </td>
          <td>
            <InUse isDisabled={user.is_disabled} />
          </td>
          <td class="acts">
            {!user.is_disabled && (
              <>
                <button
                  type="button"
                  disabled={!props.places.sites.length}
                  onClick={() => props.open(grantForm(user, props.places, props.done))}
                >
                  {t('admin.grant')}
                  <span class="sr-only"> {user.username}</span>
                </button>
                <button
                  type="button"
                  class="quiet"
                  onClick={() => props.open(resetForm(user, props.show, props.done))}
                >
                  {t('admin.reset')}
                  <span class="sr-only"> {user.username}</span>
                </button>
                {user.username !== own && (
                  <button
                    type="button"
                    class="quiet"
                    onClick={() => props.open(disableForm(user, props.done))}
                  >
                    {t('admin.disable')}
                    <span class="sr-only"> {user.username}</span>
                  </button>
                )}
              </>
            )}
            {user.is_disabled && (
              <button
                type="button"
                class="quiet"
                onClick={() =>
                  props.open(
                    enableForm(
                      user.display_name,
                      `/api/v1/users/${user.user_id}/enable`,
                      props.done,
                      t('admin.enable-user-text'),
                    ),
                  )
                }
              >
                {t('admin.enable')}
                <span class="sr-only"> {user.username}</span>
              </button>
            )}
          </td>
        </tr>
      ))}
    </>
  )
}

export function Users() {
  const users = useListed<Items<User>>('/api/v1/users')
  const sites = useListed<Items<Site>>('/api/v1/sites')
  const groups = useListed<Items<Group>>('/api/v1/reading-groups')
  const [form, setForm] = useState<Form | null>(null)
  const [secret, setSecret] = useState<Secret | null>(null)
  const places = { sites: sites.body?.items ?? [], groups: groups.body?.items ?? [] }
  const people = users.body?.items ?? []
  return (
    <>
      <Section
        title={t('admin.part.users')}
        problem={users.problem}
        act={
          <button
            type="button"
            class="primary"
            disabled={!sites.body || !groups.body}
            onClick={() => setForm(addForm(places, setSecret, users.reload))}
          >
            {t('admin.add-user')}
          </button>
        }
      >
        <Rows
          heads={[t('shell.username'), t('admin.person-name'), t('admin.roles'), t('admin.state'), '']}
          isEmpty={!people.length}
          empty={users.body ? t('admin.none') : t('admin.loading')}
        >
          <People users={people} open={setForm} places={places} show={setSecret} done={users.reload} />
        </Rows>
      </Section>
      <Tokens users={people} open={setForm} show={setSecret} />
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
      {secret && !form && <SecretDialog {...secret} onClose={() => setSecret(null)} />}
    </>
  )
}
