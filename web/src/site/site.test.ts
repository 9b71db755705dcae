import { describe, expect, it } from 'vitest'
import { addressOf, inboxPath, wantedIn } from '../clinic/wanted'
import type { Grant, Me, Role } from '../shell/session'
import { ageAt, nameOf } from './person'
import { sitesOf } from './sites'

describe('a person', () => {
  it.each([
    ['Zhang^San=张^三', '张三 (Zhang San)'],
    ['Zhang^San', 'Zhang San'],
    ['=李^四', '李四'],
    ['王小明', '王小明'],
    ['', ''],
    ['<b>^x', '<b> x'],
  ])('%s is called %s', (given, shown) => {
    expect(nameOf(given)).toBe(shown)
  })

  it.each([
    ['2000-11-22', { years: 26, months: 312 }],
    ['2000-11-23', { years: 25, months: 311 }],
    ['2026-01-30', { years: 0, months: 9 }],
    ['2027-01-01', null],
    ['', null],
    [null, null],
  ])('born %s is so old', (born, age) => {
    expect(ageAt(born, new Date(2026, 10, 22))).toEqual(age)
  })
})

describe('the sites of an account', () => {
  const me = (...grants: [Role, string | null][]): Me => ({
    username: 'li',
    display_name: 'Li',
    must_change_password: false,
    grants: grants.map(([role, site_id]): Grant => ({ role, site_id, reading_group_id: null })),
  })

  it('are those it works for, or all that are seen', () => {
    const roles: Role[] = ['technician', 'admin']
    const mine = me(['technician', 'b'], ['technician', 'a'], ['clinic', 'c'])
    expect(sitesOf(mine, roles, ['z'])).toEqual(['a', 'b'])
    expect(sitesOf(me(['admin', null]), roles, ['z', 'y', 'z'])).toEqual(['y', 'z'])
  })
})

describe('what the inbox is asked for', () => {
  it('comes back from its address, and nothing wrong with it', () => {
    const wanted = { patient: '张 &三', from: '2026-11-01', to: '', unread: true, site: 'a' }
    expect(wantedIn(addressOf(wanted).slice('/clinic'.length))).toEqual(wanted)
    expect(wantedIn('?from=yesterday&unread=yes')).toEqual({
      patient: '',
      from: '',
      to: '',
      unread: false,
      site: '',
    })
    expect(addressOf(wantedIn(''))).toBe('/clinic')
  })

  it('is what the hub is asked', () => {
    const wanted = { patient: ' 张 ', from: '2026-11-01', to: '2026-11-02', unread: true, site: 'a' }
    expect(inboxPath(wanted, 50)).toBe(
      '/api/v1/reports?unread_first=true&limit=50&patient=%E5%BC%A0&study_date_from=2026-11-01' +
        '&study_date_to=2026-11-02&unread=true&site=a',
    )
    expect(inboxPath(wantedIn(''), 50)).toBe('/api/v1/reports?unread_first=true&limit=50')
  })
})
