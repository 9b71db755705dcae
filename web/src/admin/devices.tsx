// Devices: who called and is not known, to be adopted; and those that are.
import { useState } from 'preact/hooks'
import { post } from '../shell/api'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { useListed } from './listed'
import { enableForm, type Form, FormDialog, InUse, Rows, Section } from './parts'
import { moment } from './told'
import type { Certificate, Device, Items, Site, UnknownDevice } from './types'

const BASE = '/api/v1/devices'
const LONGEST_CERTIFICATE = 64 * 1024

function siteOptions(sites: Site[]): [string, string][] {
  return sites
    .filter((site) => !site.disabled_at)
    .map((site) => [site.site_id, `${site.name} (${site.site_id})`])
}

function adoptForm(unknown: UnknownDevice, sites: Site[], done: () => void): Form {
  return {
    title: t('admin.adopt-title', { title: unknown.calling_ae_title }),
    text: unknown.certificate ? t('admin.adopt-by-certificate') : t('admin.adopt-by-address'),
    submit: t('admin.adopt'),
    blanks: () => [
      { name: 'site_id', label: t('admin.site'), options: siteOptions(sites), isRequired: true },
      { name: 'name', label: t('admin.device-name'), value: unknown.calling_ae_title },
      {
        name: 'network',
        label: t('admin.network'),
        value: unknown.certificate ? '' : unknown.address,
        hint: t('admin.network-hint'),
      },
    ],
    send: async (values) => {
      await post(`${BASE}/unknown/${unknown.unknown_device_id}/adopt`, values)
      done()
    },
  }
}

function addForm(sites: Site[], done: () => void): Form {
  return {
    title: t('admin.add-device'),
    submit: t('admin.add'),
    blanks: () => [
      { name: 'site_id', label: t('admin.site'), options: siteOptions(sites), isRequired: true },
      { name: 'calling_ae_title', label: t('admin.calling'), isRequired: true },
      { name: 'called_ae_title', label: t('admin.called'), value: 'HUB', isRequired: true },
      { name: 'network', label: t('admin.network'), isRequired: true, hint: t('admin.network-hint') },
      { name: 'name', label: t('admin.device-name') },
    ],
    send: async (values) => {
      await post(BASE, values)
      done()
    },
  }
}

function disableForm(device: Device, done: () => void): Form {
  return {
    title: t('admin.disable-title', { name: device.name }),
    text: t('admin.disable-device-text'),
    submit: t('admin.disable'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`${BASE}/${device.device_id}/disable`)
      done()
    },
  }
}

function bindForm(device: Device, done: () => void): Form {
  return {
    title: t('admin.bind-title', { name: device.name }),
    text: t('admin.bind-text'),
    submit: t('admin.bind'),
    blanks: () => [
      {
        name: 'pem',
        label: t('admin.certificate-pem'),
        isLong: true,
        longest: LONGEST_CERTIFICATE,
        isRequired: true,
        hint: '-----BEGIN CERTIFICATE-----',
      },
    ],
    send: async (values) => {
      await post(`${BASE}/${device.device_id}/certificates`, values)
      done()
    },
  }
}

function withdrawForm(device: Device, certificate: Certificate, done: () => void): Form {
  return {
    title: t('admin.withdraw-title', { name: device.name }),
    text: `${certificate.subject} · ${certificate.fingerprint.slice(0, 16)}… ${t('admin.withdraw-text')}`,
    submit: t('admin.withdraw'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`${BASE}/${device.device_id}/certificates/${certificate.fingerprint}/withdraw`)
      done()
    },
  }
}

function Certificates(props: { device: Device; withdraw: (certificate: Certificate) => void }) {
  const { device } = props
  if (device.needs_certificate && !device.certificates.length)
    return <div class="mark red">{t('admin.certificate-missing')}</div>
  return (
    <ul class="grants">
      {device.certificates.map((each) => (
        <li key={each.fingerprint} class="small" title={each.fingerprint}>
          {t('admin.certificate-until', { subject: each.subject, date: moment(each.not_after) })}
          <button
            type="button"
            class="quiet small-act"
            title={t('admin.withdraw')}
            aria-label={`${t('admin.withdraw')}: ${device.name} ${each.subject}`}
            onClick={() => props.withdraw(each)}
          >
            ✕
          </button>
        </li>
      ))}
    </ul>
  )
}

function DeviceRow(props: { device: Device; open: (form: Form) => void; done: () => void }) {
  const { device, open, done } = props
  return (
    <tr>
      <td>{siteName(device.site_id)}</td>
      <td>{device.name}</td>
      <td>{device.calling_ae_title}</td>
      <td>{device.called_ae_title}</td>
      <td>
        {device.network || t('admin.by-certificate')}
        <Certificates device={device} withdraw={(each) => open(withdrawForm(device, each, done))} />
      </td>
      <td>
        <InUse isDisabled={device.is_disabled} />
      </td>
      <td class="acts">
        <button type="button" class="quiet" onClick={() => open(bindForm(device, done))}>
          {t('admin.bind')}
          <span class="sr-only"> {device.name}</span>
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() =>
            open(
              device.is_disabled
                ? enableForm(
                    device.name,
                    `${BASE}/${device.device_id}/enable`,
                    done,
                    t('admin.enable-device-text'),
                  )
                : disableForm(device, done),
            )
          }
        >
          {t(device.is_disabled ? 'admin.enable' : 'admin.disable')}
          <span class="sr-only"> {device.name}</span>
        </button>
      </td>
    </tr>
  )
}

function Strangers(props: {
  items: UnknownDevice[] | null
  problem: string
  isReady: boolean
  adopt: (each: UnknownDevice) => void
}) {
  return (
    <Section title={t('admin.unknown-devices')} text={t('admin.unknown-text')} problem={props.problem}>
      <Rows
        heads={[
          t('admin.calling'),
          t('admin.called'),
          t('admin.address'),
          t('admin.tried'),
          t('admin.last-seen'),
          '',
        ]}
        isEmpty={!props.items?.length}
        empty={props.items ? t('admin.no-unknown') : t('admin.loading')}
      >
        {(props.items ?? []).map((each) => (
          <tr key={each.unknown_device_id}>
            <td>
              <strong>{each.calling_ae_title}</strong>
            </td>
            <td>{each.called_ae_title}</td>
            <td>
              {each.address}
              {each.certificate && <div class="small">{each.certificate.subject}</div>}
            </td>
            <td>
              {tOr(`admin.refusal.${each.refusal}`, each.refusal)}
              <div class="small">{each.proposed}</div>
            </td>
            <td>
              {moment(each.last_seen_at)}
              <div class="small">{t('admin.attempts', { count: each.attempts })}</div>
            </td>
            <td class="acts">
              <button
                type="button"
                class="primary"
                disabled={!props.isReady}
                onClick={() => props.adopt(each)}
              >
                {t('admin.adopt')}
                <span class="sr-only"> {each.calling_ae_title}</span>
              </button>
            </td>
          </tr>
        ))}
      </Rows>
    </Section>
  )
}

export function Devices() {
  const unknown = useListed<Items<UnknownDevice>>(`${BASE}/unknown`, { every: 10_000 })
  const devices = useListed<Items<Device>>(BASE)
  const sites = useListed<Items<Site>>('/api/v1/sites')
  const [form, setForm] = useState<Form | null>(null)
  const places = sites.body?.items ?? []
  const done = () => {
    unknown.reload()
    devices.reload()
  }
  return (
    <>
      <Strangers
        items={unknown.body?.items ?? null}
        problem={unknown.problem || sites.problem}
        isReady={sites.body !== null}
        adopt={(each) => setForm(adoptForm(each, places, done))}
      />
      <Section
        title={t('admin.part.devices')}
        problem={devices.problem}
        act={
          <button type="button" disabled={!sites.body} onClick={() => setForm(addForm(places, done))}>
            {t('admin.add-device')}
          </button>
        }
      >
        <Rows
          heads={[
            t('admin.site'),
            t('admin.device-name'),
            t('admin.calling'),
            t('admin.called'),
            t('admin.known-by'),
            t('admin.state'),
            '',
          ]}
          isEmpty={!devices.body?.items.length}
          empty={devices.body ? t('admin.none') : t('admin.loading')}
        >
          {(devices.body?.items ?? []).map((device) => (
            <DeviceRow key={device.device_id} device={device} open={setForm} done={done} />
          ))}
        </Rows>
      </Section>
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
    </>
  )
}
