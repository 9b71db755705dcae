// Sites and what is set for each: its name, its time zone, its quiet time, and how its devices' text is read.
import { useState } from 'preact/hooks'
import { ask, post } from '../shell/api'
import { t } from '../shell/words'
import { siteName } from '../site/names'
import { useListed } from './listed'
import { enableForm, type Form, FormDialog, InUse, Rows, Section } from './parts'
import { moment } from './told'
import type { CharacterSet, Items, Site } from './types'

const BASE = '/api/v1/sites'
const ENCODINGS = ['as-declared', 'GB18030', 'ISO_IR 192', 'ISO_IR 100', 'ISO_IR 13']

function settings(site?: Site) {
  return [
    { name: 'name', label: t('admin.site-name'), value: site?.name ?? '', isRequired: true },
    {
      name: 'time_zone',
      label: t('admin.time-zone'),
      value: site?.time_zone ?? 'Asia/Shanghai',
      isRequired: true,
    },
    {
      name: 'quiet_seconds',
      label: t('admin.quiet-seconds'),
      value: String(site?.quiet_seconds ?? 60),
      isNumber: true,
      isRequired: true,
      hint: t('admin.quiet-hint'),
    },
  ]
}

function addForm(done: () => void): Form {
  return {
    title: t('admin.add-site'),
    submit: t('admin.add'),
    blanks: () => [
      { name: 'site_id', label: t('admin.site-id'), isRequired: true, hint: t('admin.id-hint') },
      ...settings(),
    ],
    send: async ({ quiet_seconds, ...values }) => {
      await post(BASE, { ...values, quiet_seconds: Number(quiet_seconds) })
      done()
    },
  }
}

function changeForm(site: Site, done: () => void): Form {
  return {
    title: t('admin.settings-of', { name: site.name }),
    submit: t('admin.save'),
    blanks: () => settings(site),
    send: async ({ quiet_seconds, ...values }) => {
      await ask('PATCH', `${BASE}/${site.site_id}`, {
        body: { ...values, quiet_seconds: Number(quiet_seconds) },
      })
      done()
    },
  }
}

function disableForm(site: Site, done: () => void): Form {
  return {
    title: t('admin.disable-title', { name: site.name }),
    text: t('admin.disable-site-text'),
    submit: t('admin.disable'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`${BASE}/${site.site_id}/disable`)
      done()
    },
  }
}

function stopOrStart(site: Site, done: () => void): Form {
  if (!site.disabled_at) return disableForm(site, done)
  return enableForm(site.name, `${BASE}/${site.site_id}/enable`, done, t('admin.enable-site-text'))
}

export function Sites() {
  const sites = useListed<Items<Site>>(BASE)
  const [form, setForm] = useState<Form | null>(null)
  return (
    <>
      <Section
        title={t('admin.part.sites')}
        problem={sites.problem}
        act={
          <button type="button" onClick={() => setForm(addForm(sites.reload))}>
            {t('admin.add-site')}
          </button>
        }
      >
        <Rows
          heads={[
            t('admin.site-id'),
            t('admin.site-name'),
            t('admin.time-zone'),
            t('admin.quiet-seconds'),
            t('admin.state'),
            '',
          ]}
          isEmpty={!sites.body?.items.length}
          empty={sites.body ? t('admin.none') : t('admin.loading')}
        >
          {(sites.body?.items ?? []).map((site) => (
            <tr key={site.site_id}>
              <td>{site.site_id}</td>
              <td>
                {site.name} {site.is_self_test && <span class="mark">{t('admin.self-test')}</span>}
              </td>
              <td>{site.time_zone}</td>
              <td>{site.quiet_seconds}</td>
              <td>
                <InUse isDisabled={Boolean(site.disabled_at)} />
              </td>
              <td class="acts">
                <button type="button" onClick={() => setForm(changeForm(site, sites.reload))}>
                  {t('admin.settings')}
                  <span class="sr-only"> {site.name}</span>
                </button>
                <button type="button" class="quiet" onClick={() => setForm(stopOrStart(site, sites.reload))}>
                  {t(site.disabled_at ? 'admin.enable' : 'admin.disable')}
                  <span class="sr-only"> {site.name}</span>
                </button>
              </td>
            </tr>
          ))}
        </Rows>
      </Section>
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
    </>
  )
}

function textForm(each: CharacterSet, done: () => void): Form {
  return {
    title: t('admin.text-of', { source: each.source }),
    text: t('admin.text-form'),
    submit: t('admin.save'),
    blanks: () => [
      {
        name: 'encoding',
        label: t('admin.read-as'),
        value: each.encoding,
        options: [...new Set([each.encoding, ...ENCODINGS])].map((name) => [name, name]),
      },
    ],
    send: async (values) => {
      const { site_id, origin_kind, source, declared } = each
      await ask('PUT', '/api/v1/character-sets', {
        body: { site_id, origin_kind, source, declared, encoding: values.encoding },
      })
      done()
    },
  }
}

/** What was decided about text whose label is wrong; every other label is believed. */
export function Texts() {
  const found = useListed<Items<CharacterSet>>('/api/v1/character-sets')
  const [form, setForm] = useState<Form | null>(null)
  const items = found.body?.items ?? []
  return (
    <Section title={t('admin.part.text')} text={t('admin.text-text')} problem={found.problem}>
      <Rows
        heads={[
          t('admin.site'),
          t('admin.source'),
          t('admin.declared'),
          t('admin.read-as'),
          t('admin.decided'),
          '',
        ]}
        isEmpty={!items.length}
        empty={found.body ? t('admin.no-text') : t('admin.loading')}
      >
        {items.map((each) => (
          <tr key={`${each.site_id} ${each.source} ${each.declared}`}>
            <td>{siteName(each.site_id)}</td>
            <td class="key">{each.source}</td>
            <td>{each.declared || t('admin.no-label')}</td>
            <td>{each.encoding}</td>
            <td>
              {each.decided_by}
              <div class="small">{moment(each.decided_at)}</div>
            </td>
            <td class="acts">
              <button type="button" onClick={() => setForm(textForm(each, found.reload))}>
                {t('admin.change')}
                <span class="sr-only"> {each.source}</span>
              </button>
            </td>
          </tr>
        ))}
      </Rows>
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
    </Section>
  )
}
