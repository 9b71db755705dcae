// Reading groups and their routes: who reads for which site.
import { useState } from 'preact/hooks'
import { post } from '../shell/api'
import { t } from '../shell/words'
import { siteName } from '../site/names'
import { useListed } from './listed'
import { enableForm, type Form, FormDialog, InUse, Rows, Section } from './parts'
import type { Group, Items, Route, Site } from './types'

const BASE = '/api/v1/reading-groups'

function addForm(done: () => void): Form {
  return {
    title: t('admin.add-group'),
    submit: t('admin.add'),
    blanks: () => [
      { name: 'reading_group_id', label: t('admin.group-id'), isRequired: true, hint: t('admin.id-hint') },
      { name: 'name', label: t('admin.group-name'), isRequired: true },
    ],
    send: async (values) => {
      await post(BASE, values)
      done()
    },
  }
}

function routeForm(group: Group, sites: Site[], done: () => void): Form {
  return {
    title: t('admin.route-to', { name: group.name }),
    submit: t('admin.add'),
    blanks: () => [
      {
        name: 'site_id',
        label: t('admin.site'),
        options: sites.map((site) => [site.site_id, site.name]),
        isRequired: true,
      },
      { name: 'modality', label: t('admin.modality'), hint: t('admin.modality-hint') },
    ],
    send: async ({ site_id, modality }) => {
      await post(`${BASE}/${group.reading_group_id}/routes`, { site_id, modality: modality || null })
      done()
    },
  }
}

function removeForm(group: Group, route: Route, done: () => void): Form {
  return {
    title: t('admin.remove-route-title', { name: group.name }),
    text: `${siteName(route.site_id)} · ${route.modality ?? t('admin.every-modality')}. ${t('admin.remove-route-text')}`,
    submit: t('admin.remove'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`${BASE}/${group.reading_group_id}/routes/remove`, route)
      done()
    },
  }
}

function disableForm(group: Group, done: () => void): Form {
  return {
    title: t('admin.disable-title', { name: group.name }),
    text: t('admin.disable-group-text'),
    submit: t('admin.disable'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`${BASE}/${group.reading_group_id}/disable`)
      done()
    },
  }
}

function GroupRow(props: { group: Group; sites: Site[]; open: (form: Form) => void; done: () => void }) {
  const { group } = props
  return (
    <tr>
      <td>{group.reading_group_id}</td>
      <td>{group.name}</td>
      <td>
        <ul class="grants">
          {group.routes.map((route) => (
            <li key={`${route.site_id} ${route.modality}`}>
              <span class="mark">
                {siteName(route.site_id)} · {route.modality ?? t('admin.every-modality')}
              </span>
              <button
                type="button"
                class="quiet small-act"
                title={t('admin.remove')}
                aria-label={`${t('admin.remove')}: ${siteName(route.site_id)} ${route.modality ?? ''}`}
                onClick={() => props.open(removeForm(group, route, props.done))}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      </td>
      <td>
        <InUse isDisabled={Boolean(group.disabled_at)} />
      </td>
      <td class="acts">
        {!group.disabled_at && (
          <>
            <button type="button" onClick={() => props.open(routeForm(group, props.sites, props.done))}>
              {t('admin.add-route')}
              <span class="sr-only"> {group.name}</span>
            </button>
            <button type="button" class="quiet" onClick={() => props.open(disableForm(group, props.done))}>
              {t('admin.disable')}
              <span class="sr-only"> {group.name}</span>
            </button>
          </>
        )}
        {group.disabled_at && (
          <button
            type="button"
            class="quiet"
            onClick={() =>
              props.open(enableForm(group.name, `${BASE}/${group.reading_group_id}/enable`, props.done))
            }
          >
            {t('admin.enable')}
            <span class="sr-only"> {group.name}</span>
          </button>
        )}
      </td>
    </tr>
  )
}

export function Groups() {
  const groups = useListed<Items<Group>>(BASE)
  const sites = useListed<Items<Site>>('/api/v1/sites')
  const [form, setForm] = useState<Form | null>(null)
  const places = (sites.body?.items ?? []).filter((site) => !site.is_self_test)
  return (
    <Section
      title={t('admin.part.groups')}
      text={t('admin.groups-text')}
      problem={groups.problem}
      act={
        <button type="button" onClick={() => setForm(addForm(groups.reload))}>
          {t('admin.add-group')}
        </button>
      }
    >
      <Rows
        heads={[t('admin.group-id'), t('admin.group-name'), t('admin.reads'), t('admin.state'), '']}
        isEmpty={!groups.body?.items.length}
        empty={groups.body ? t('admin.none') : t('admin.loading')}
      >
        {(groups.body?.items ?? []).map((group) => (
          <GroupRow
            key={group.reading_group_id}
            group={group}
            sites={places}
            open={setForm}
            done={groups.reload}
          />
        ))}
      </Rows>
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
    </Section>
  )
}
